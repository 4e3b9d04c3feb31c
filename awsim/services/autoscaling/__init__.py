"""Amazon EC2 Auto Scaling (regional)."""

from awsim.services.autoscaling.service import AutoScaling

SERVICE = AutoScaling
