"""Amazon EventBridge Pipes."""

from awsim.services.pipes.service import Pipes

SERVICE = Pipes
