"""Amazon Elastic Container Service (regional)."""

from awsim.services.ecs.service import ECS

SERVICE = ECS
