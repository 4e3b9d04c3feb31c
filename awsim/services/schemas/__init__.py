"""Amazon EventBridge Schema Registry."""

from awsim.services.schemas.service import Schemas

SERVICE = Schemas
