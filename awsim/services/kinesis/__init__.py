"""Amazon Kinesis Data Streams."""

from awsim.services.kinesis.service import Kinesis

SERVICE = Kinesis
