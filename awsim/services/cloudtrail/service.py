"""AWS CloudTrail (one instance per account: a trail may be of all its regions).

Sources: CloudTrail User Guide and API Reference; how it refuses is in `refusals`. Dashboards, sample and generated
queries and federation with Glue are not modelled.
"""

from __future__ import annotations

from awsim.services.cloudtrail.stores import Stores


class CloudTrail(Stores):
    """Event history, trails, event data stores and channels."""


SERVICE = CloudTrail
