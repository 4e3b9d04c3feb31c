"""Application Auto Scaling (regional)."""

from awsim.services.application_autoscaling.scaling import ApplicationAutoScaling

SERVICE = ApplicationAutoScaling
