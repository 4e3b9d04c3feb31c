"""Amazon S3, general purpose buckets.

Buckets and their configurations, objects and versions, listing, copies, multipart uploads, checksums, conditional
requests, presigned URLs, browser uploads, websites and Select. One instance serves all accounts of a partition, because
they share one space of bucket names; today a bucket is open to its owner's account only.
"""

from awsim.services.s3.selects import Selects
from awsim.services.s3.website import Websites


class S3(Websites, Selects):
    """Amazon Simple Storage Service."""


SERVICE = S3
