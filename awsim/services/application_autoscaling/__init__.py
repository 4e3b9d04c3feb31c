"""Application Auto Scaling (regional)."""

from awsim.services.application_autoscaling.service import ApplicationAutoScaling

SERVICE = ApplicationAutoScaling
