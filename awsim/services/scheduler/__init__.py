"""Amazon EventBridge Scheduler."""

from awsim.services.scheduler.service import Scheduler

SERVICE = Scheduler
