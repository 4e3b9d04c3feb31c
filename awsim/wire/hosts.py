"""What the names of AWS's hosts say: AWS's or not, region, service's endpoint prefix, S3 bucket."""

from __future__ import annotations

import re

# dnsSuffix and dualStackDnsSuffix of every partition (botocore's partitions.json and endpoints.json), and the domains
# of Lambda URLs, managed websites and the like.
SUFFIXES = (
    ".amazonaws.com",
    ".api.aws",
    ".amazonaws.com.cn",
    ".api.amazonwebservices.com.cn",
    ".amazonaws.eu",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".api.aws.ic.gov",
    ".sc2s.sgov.gov",
    ".api.aws.scloud",
    ".cloud.adc-e.uk",
    ".api.cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.hci.ic.gov",
    ".on.aws",
    ".aws.dev",
    ".app.aws",
    ".awsapps.com",
    ".amazonwebservices.com",
    ".aws.amazon.com",
    ".on.amazonwebservices.com.cn",
)
# Instance metadata (IPv4 and IPv6) and container credentials.
METADATA_HOSTS = {"169.254.169.254", "169.254.170.2", "169.254.170.23", "[fd00:ec2::254]", "[fd00:ec2::23]"}

# Pages for people under a suffix that APIs have too.
_PAGES = {"docs.aws.amazon.com"}

_REGION = re.compile(
    r"(?:us|eu|ap|sa|ca|me|af|il|mx|cn|us-gov|us-iso|us-isob|eu-isoe|us-isof|eusc-de)"
    r"-(?:north|south|east|west|central)(?:east|west)?-\d{1,2}$"
).match

_cache: dict[str, bool] = {}


def is_aws_host(host: str) -> bool:
    """Whether a host (lower case, no port) is AWS's, whatever service may claim it."""
    known = _cache.get(host)
    if known is None:
        known = (host.endswith(SUFFIXES) and host not in _PAGES) or host in METADATA_HOSTS
        if len(_cache) > 4096:
            _cache.clear()
        _cache[host] = known
    return known


def is_region(label: str) -> bool:
    return _REGION(label) is not None


def strip_suffix(host: str) -> str | None:
    """The host without its partition's DNS suffix; None when it has none."""
    for suffix in SUFFIXES:
        if host.endswith(suffix):
            return host[: -len(suffix)]
    return None


_buckets: dict[str, str | None] = {}


def bucket_of(host: str) -> str | None:
    """The bucket that an S3 host names (virtual-hosted style), an access point as its ARN; None for path style."""
    try:
        return _buckets[host]
    except KeyError:
        pass
    if len(_buckets) > 4096:
        _buckets.clear()
    bucket = _buckets[host] = _bucket_of(host)
    return bucket


def _bucket_of(host: str) -> str | None:
    rest = strip_suffix(host)
    if rest is None:
        return None
    labels = rest.split(".")
    for index in range(len(labels) - 1, -1, -1):
        label = labels[index]
        if label == "s3" or label.startswith(("s3-", "s3express-")):
            break
        if index == 0 or len(labels) - index > 3:
            return None
    else:
        return None
    if index == 0:
        return None
    bucket = ".".join(labels[:index])
    if label in ("s3-accesspoint", "s3-accesspoint-fips", "s3-object-lambda", "s3-object-lambda-fips"):
        region = next((each for each in labels[index + 1 :] if is_region(each)), "")
        name, _, account = bucket.rpartition("-")
        service = "s3-object-lambda" if "lambda" in label else "s3"
        return f"arn:{partition_of(host)}:{service}:{region}:{account}:accesspoint/{name}"
    if label == "s3-outposts" and len(labels[:index]) == 2:
        region = next((each for each in labels[index + 1 :] if is_region(each)), "")
        name, _, account = labels[0].rpartition("-")
        return f"arn:{partition_of(host)}:s3-outposts:{region}:{account}:outpost/{labels[1]}/accesspoint/{name}"
    if label == "s3-global" and labels[index - 1] == "accesspoint":
        # Multi-Region: the host does not say whose it is.
        return f"arn:{partition_of(host)}:s3:::accesspoint/{'.'.join(labels[: index - 1])}"
    return bucket


def website_of(host: str) -> tuple[str | None, str] | None:
    """(bucket, region) of a host of S3's website endpoints, with None for the endpoint itself; None for other hosts.

    Both ways of writing are taken in every region: `s3-website-<region>` and `s3-website.<region>`.
    """
    rest = strip_suffix(host)
    if rest is None or "s3-website" not in rest:
        return None
    labels = rest.split(".")
    last = labels[-1]
    if last.startswith("s3-website-") and is_region(last[11:]):
        return ".".join(labels[:-1]) or None, last[11:]
    if len(labels) > 1 and labels[-2] == "s3-website" and is_region(last):
        return ".".join(labels[:-2]) or None, last
    return None


def partition_of(host: str) -> str:
    """The partition that a host's suffix or region stands for."""
    if host.endswith(".cn"):
        return "aws-cn"
    if "us-gov-" in host:
        return "aws-us-gov"
    for part, name in (
        (".eu", "aws-eusc"),
        (".c2s.ic.gov", "aws-iso"),
        (".api.aws.ic.gov", "aws-iso"),
        (".sc2s.sgov.gov", "aws-iso-b"),
        (".scloud", "aws-iso-b"),
        (".adc-e.uk", "aws-iso-e"),
        ("hci.ic.gov", "aws-iso-f"),
    ):
        if host.endswith(part):
            return name
    return "aws"
