"""Amazon S3, general purpose buckets.

Buckets and their configurations, objects and versions, listing, copies, multipart uploads, checksums, conditional
requests, presigned URLs and browser uploads. One instance serves all accounts of a partition, because they share one
space of bucket names; today a bucket is open to its owner's account only.
"""

from awsim.services.s3.browser import Browser


class S3(Browser):
    """Amazon Simple Storage Service."""


SERVICE = S3
