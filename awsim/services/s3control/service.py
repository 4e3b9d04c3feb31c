"""Amazon S3 Control (regional, but for what holds for a whole account).

Sources: S3 User Guide; S3 API Reference, "Amazon S3 Control". Buckets on Outposts and directory buckets are not
modelled.
"""

from __future__ import annotations

from awsim.services.s3control.account import Account
from awsim.services.s3control.multi_region import MultiRegion
from awsim.services.s3control.object_lambda import ObjectLambda
from awsim.services.s3control.tagging import Tagging


class S3Control(Tagging, MultiRegion, Account, ObjectLambda):
    """Amazon S3 Control: what is set for accounts, access points, batch jobs, access grants, Storage Lens."""
