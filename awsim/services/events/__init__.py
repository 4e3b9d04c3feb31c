"""Amazon EventBridge."""

from awsim.services.events.service import Events

SERVICE = Events
