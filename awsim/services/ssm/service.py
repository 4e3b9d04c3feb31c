"""AWS Systems Manager (regional)."""

from __future__ import annotations

from awsim.services.ssm.operations.tags import TagOperations


class SSM(TagOperations):
    """AWS Systems Manager.

    Operations are in `operations/`, thin, by what they are about; the plain classes and rules that they stand on are
    beside them.
    """
