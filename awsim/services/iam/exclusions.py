"""What a simulation leaves out (IAM API Reference, PolicyIdentifier)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from awsim.services.iam.advisor import Granting
from awsim.services.iam.refusals import invalid

_ARN = re.compile(r"arn:[^:*?]+:iam::(?:aws|\d{12}):policy/(?:[^*?]+/)?[^/]+")


class Exclusions:
    """Raises InvalidInput for an ARN that cannot be read, or with wildcards outside of the name.

    Of inline policies the guide promises wildcards in the entity's name, which the pattern of IAM's model forbids.
    """

    def __init__(self, identifiers: Iterable[Mapping[str, Any]]) -> None:
        self._types: set[str] = set()
        self._arns: list[str] = []
        self._inline: list[Mapping[str, str]] = []
        for each in identifiers:
            if "PolicyType" in each:
                self._types.add(each["PolicyType"])
            elif "PolicyArn" in each:
                arn = each["PolicyArn"]
                if arn.count("*") > 1 or not _ARN.fullmatch(arn):
                    raise invalid(f"Invalid policy identifier: {arn}")
                self._arns.append(arn)
            elif "InlinePolicyIdentifier" in each:
                self._inline.append(each["InlinePolicyIdentifier"])

    @property
    def boundary(self) -> bool:
        return "permission-boundary" in self._types

    @property
    def scps(self) -> bool:
        return "scp" in self._types

    def leaves_out(self, policy: Granting) -> bool:
        if policy.arn is not None:
            kind = "aws-managed" if policy.arn.split(":")[4] == "aws" else "user-managed"
            return kind in self._types or any(fnmatchcase(policy.arn, arn) for arn in self._arns)
        return "inline" in self._types or any(
            policy.name == each["PolicyName"]
            and policy.entity[0].lower() == each["AttachmentType"]
            and policy.entity[1] == each["AttachmentName"]
            for each in self._inline
        )
