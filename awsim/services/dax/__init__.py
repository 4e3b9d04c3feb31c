"""Amazon DynamoDB Accelerator, its control plane."""

from awsim.services.dax.service import DAX

SERVICE = DAX
