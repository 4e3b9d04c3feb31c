"""Amazon S3 Control: see `service`."""

from awsim.services.s3control.service import S3Control

SERVICE = S3Control
