"""Amazon CloudWatch (regional)."""

from __future__ import annotations

from awsim.services.cloudwatch.operations.tagging import TagOperations


class CloudWatch(TagOperations):
    """Amazon CloudWatch.

    Operations are in `operations/`, thin; metrics, expressions, alarms and what else there is are in the plain classes
    beside them. What AWS's services measure they note themselves: see `awsim.metering`.
    """
