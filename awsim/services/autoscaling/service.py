"""`AutoScaling`: the classes of operations together."""

from __future__ import annotations

from awsim.services.autoscaling.operations.settings import SettingOperations


class AutoScaling(SettingOperations):
    """Amazon EC2 Auto Scaling (regional): groups whose instances are EC2's.

    Operations are in `operations/`, each module building on those before it; what moves instances is `engine.py`.
    """
