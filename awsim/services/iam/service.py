"""AWS Identity and Access Management (global)."""

from __future__ import annotations

from awsim.services.iam.operations.simulator import SimulatorOperations


class IAM(SimulatorOperations):
    """AWS Identity and Access Management.

    Operations are in `operations/`, thin, each module a class that inherits the one before; what users, policies,
    devices and the rest are is in the plain modules beside them.
    """
