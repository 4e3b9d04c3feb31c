"""What the operations of S3 Control share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from awsim.errors import AWSError
from awsim.service import Service
from awsim.state.pages import BadToken, page
from awsim.state.tags import Tags, tag_map

if TYPE_CHECKING:
    from awsim.gateway.validate import Violation

T = TypeVar("T")
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_TAG = re.compile(r"[\w\s+\-=.:/@]*")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", "--xa-s3", ".mrap")


class Common(Service):
    name = "s3control"
    scope = "region"
    checked = frozenset({"required", "enum"})

    @property
    def arn_name(self) -> str:
        return "s3"

    @property
    def s3(self) -> Any:
        """S3 of the partition, which looks after what is known of buckets by its own name."""
        return self.cloud.service("s3", self.account, self.region)

    def own(self, account: str | None) -> None:
        """Refuse an account other than the caller's."""
        if account is not None and account != self.account:
            if not re.fullmatch(r"\d{12}", account):
                raise self.invalid("Invalid account ID.")
            raise self.error("AccessDenied", "Access Denied")

    # --- errors

    def violation(self, violations: Sequence[Violation]) -> AWSError:
        return self.malformed()

    def malformed(self) -> AWSError:
        return self.error(
            "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
        )

    def invalid(self, message: str) -> AWSError:
        return self.error("InvalidRequest", message)

    def check_name(self, name: str, path: str, longest: float | None) -> None:
        """Refuse what is no name of an access point."""
        shortest = self.limits["name-shortest"] or 1
        if (
            not shortest <= len(name) <= (longest or 255)
            or not _NAME.fullmatch(name)
            or name.startswith("xn--")
            or name.endswith(_RESERVED_ENDS)
        ):
            raise self.error("InvalidURI", "Couldn't parse the specified URI.", URI=f"{path}/{name}")

    # --- what many things have

    @staticmethod
    def blocked(given: Mapping[str, bool] | None, default: bool) -> dict[str, bool]:
        """A block of public access whole: what is not given is off, all of it `default` where nothing is."""
        if given is None:
            return dict.fromkeys(BLOCKS, default)
        return {name: bool(given.get(name)) for name in BLOCKS}

    def tagged(self, before: Mapping[str, str], given: Iterable[Mapping[str, str]], most: str = "tags") -> Tags:
        """Tags with more. Raises InvalidTag and the error of the row that says how many there may be."""
        given = list(given)
        added = tag_map(given)
        if len(added) != len(given):
            raise self.error(
                "InvalidTag",
                "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again.",
            )
        for key, value in added.items():
            if key.lower().startswith("aws:"):
                raise self.error(
                    "InvalidTag",
                    'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove '
                    '"aws:" from your tag keys and try again.',
                )
            if (
                not 1 <= len(key) <= (self.limits["tag-key-length"] or 1_000_000)
                or len(value) > (self.limits["tag-value-length"] or 1_000_000)
                or not (_TAG.fullmatch(key) and _TAG.fullmatch(value))
            ):
                raise self.error(
                    "InvalidTag",
                    "This request contains a tag key or value that isn't valid. Valid characters include the "
                    "following: [a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up "
                    "to 256 characters.",
                )
        merged = {**before, **added}
        self.limits.check(most, len(merged))
        return Tags(merged)

    def paged(
        self, records: Iterable[T], key: Callable[[T], str], token: str | None, size: int | None, row: str = "page-size"
    ) -> tuple[list[T], str | None]:
        most = self.limits[row]
        if size is not None and size < 1:
            raise self.invalid("MaxResults must be at least 1.")
        size = most if size is None else size if most is None else min(size, int(most))
        try:
            return page(records, key, token, size, self.request.operation)
        except BadToken:
            raise self.bad_token() from None

    def bad_token(self) -> AWSError:
        return self.error("InvalidRequest", "The continuation token provided is incorrect")
