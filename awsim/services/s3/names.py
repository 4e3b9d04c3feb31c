"""Bucket names and object keys: which ones S3 takes.

Source: S3 User Guide, "General purpose bucket naming rules" and "Naming Amazon S3 objects". The lengths are rows of
the limits table and come in as arguments.
"""

from __future__ import annotations

import re

from awsim.errors import AWSError

_SHAPE = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
# The account regional namespace (since 2026): <prefix>-<account>-<region>-an.
_REGIONAL_SUFFIX = "-an"


def is_bucket_name(name: str, shortest: int, longest: int, regional_suffix: str | None = None) -> bool:
    """Whether a general purpose bucket may be created under `name`.

    `regional_suffix` is "-<account>-<region>-an" when the account regional namespace was asked for, else None.
    """
    if not shortest <= len(name) <= longest or not _SHAPE.fullmatch(name) or ".." in name:
        return False
    if _IPV4.fullmatch(name) or name.startswith(_RESERVED_PREFIXES) or name.endswith(_RESERVED_SUFFIXES):
        return False
    if regional_suffix is not None:
        return name.endswith(regional_suffix) and len(name) > len(regional_suffix)
    return not name.endswith(_REGIONAL_SUFFIX)


def invalid_bucket_name(name: str) -> AWSError:
    return AWSError("InvalidBucketName", "The specified bucket is not valid.", fields={"BucketName": name})


def key_bytes(key: str) -> int:
    """The length of a key in UTF-8 bytes."""
    return len(key) if key.isascii() else len(key.encode("utf-8", "surrogatepass"))


def successor(prefix: str) -> str | None:
    """The smallest text above every text that starts with `prefix`; None when there is none.

    Texts compare by code point, which is the order of their UTF-8 bytes.
    """
    while prefix:
        last = ord(prefix[-1])
        if last < 0x10FFFF:
            return prefix[:-1] + chr(last + 1)
        prefix = prefix[:-1]
    return None
