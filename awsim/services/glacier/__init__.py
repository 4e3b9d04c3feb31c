"""Amazon S3 Glacier's vaults: see `service`."""

from awsim.services.glacier.service import Glacier

SERVICE = Glacier
