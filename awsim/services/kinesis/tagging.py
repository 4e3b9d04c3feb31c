"""Tags of streams and consumers, refused in Kinesis's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from awsim.services.kinesis.refusals import invalid
from awsim.state import Tags

if TYPE_CHECKING:
    from awsim.limits.table import ServiceLimits

_FORBIDDEN = re.compile(r"[^\w\s_./=+\-@%:]")


def checked(limits: ServiceLimits, stream: str, account: str, old: Mapping[str, str], new: Mapping[str, str]) -> Tags:
    """The tags that come of adding some; texts observed by mhart/kinesalite."""
    for text in (*new, *new.values()):
        if _FORBIDDEN.search(text):
            raise invalid(
                "Some tags contain invalid characters. Valid characters: "
                "Unicode letters, digits, white space, _ . / = + - % @ :."
            )
        if "%" in text:
            raise invalid(
                f"Failed to add tags to stream {stream} under account {account} because some tags contained illegal "
                "characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@',':'."
            )
    for key in new:
        if key.lower().startswith("aws:"):
            raise invalid(
                f"Failed to add tags to stream {stream} under account {account} because some tags contained the "
                "reserved prefix aws:."
            )
    merged = {**old, **new}
    limits.check("tags", len(merged), stream=stream, account=account)
    return Tags(merged)
