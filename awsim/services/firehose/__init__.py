"""Amazon Data Firehose."""

from awsim.services.firehose.service import Firehose

SERVICE = Firehose
