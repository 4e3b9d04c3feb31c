"""Pages of time series: so many datapoints at a time."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from awsim.state.pages import BadToken

_SALT = "datapoints:"


def paged(results: Sequence[dict[str, Any]], token: str | None, most: int) -> tuple[list[dict[str, Any]], str | None]:
    """Results of GetMetricData with the next `most` datapoints, and the token of what follows. Raises BadToken.

    A series that is cut goes on in the next page, and says so.
    """
    skip, left = _read(token), most
    page = []
    for result in results:
        count = len(result["Values"])
        if skip and skip >= count:
            skip -= count
            continue
        if not left:
            break
        first, last = skip, min(count, skip + left)
        skip, left = 0, left - (last - first)
        page.append(
            {
                **result,
                "Timestamps": result["Timestamps"][first:last],
                "Values": result["Values"][first:last],
                "StatusCode": "Complete" if last == count else "PartialData",
            }
        )
    whole = sum(len(result["Values"]) for result in results)
    seen = _read(token) + most - left
    return page, _written(seen) if seen < whole else None


def _written(seen: int) -> str:
    return urlsafe_b64encode(f"{_SALT}{seen}".encode()).decode()


def _read(token: str | None) -> int:
    if token is None:
        return 0
    try:
        text = urlsafe_b64decode(token.encode()).decode()
        if not text.startswith(_SALT):
            raise BadToken(token)
        return int(text.removeprefix(_SALT))
    except (ValueError, UnicodeError):
        raise BadToken(token) from None
