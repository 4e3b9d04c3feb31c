"""Amazon S3, general purpose buckets.

Buckets and their configurations, objects and versions, listing, copies, multipart uploads, checksums, conditional
requests, presigned URLs, browser uploads, websites and Select; policies, access control lists and public access decide
who may do what. One instance serves all accounts of a partition, because they share one space of bucket names.
"""

from awsim.services.s3 import digests
from awsim.services.s3.abac import Abac
from awsim.services.s3.batch import Batch
from awsim.services.s3.object_lambda import ObjectLambda
from awsim.services.s3.reencryption import Reencryption
from awsim.services.s3.selects import Selects
from awsim.services.s3.website import Websites


class S3(ObjectLambda, Websites, Selects, Abac, Reencryption, Batch):
    """Amazon Simple Storage Service."""

    ahead = dict.fromkeys(("PutObject", "UploadPart"), digests.ahead)


SERVICE = S3
