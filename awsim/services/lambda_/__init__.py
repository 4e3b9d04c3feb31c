"""AWS Lambda."""

from awsim.services.lambda_.service import Lambda

SERVICE = Lambda
