"""AWS Identity and Access Management (global)."""

from __future__ import annotations

from awsim.services.iam.operations.simulator import SimulatorOperations


class IAM(SimulatorOperations):
    """AWS Identity and Access Management.

    Operations are in `operations/`, thin, each module a class that inherits the one before; what users, policies,
    devices and the rest are is in the plain modules beside them.

    Names are unique whatever their case, and found by their exact case. Trust policies may name principals of accounts
    that hold no users or roles here, since nobody can tell what is in those. Last uses are read off the journal. Of
    AWS's own policies the default versions are known; of a hardware MFA device nothing is. Nobody signs in to a
    console: passwords are checked and expire, and are never used.
    """
