"""Days as S3 counts them: whatever becomes old does so at midnight UTC."""

from __future__ import annotations

DAY = 86_400
NEVER = float("inf")


def next_midnight(moment: float) -> int:
    """The first midnight UTC after a moment."""
    return (int(moment) // DAY + 1) * DAY


def http_date(seconds: float) -> str:
    """A moment as headers write it: "Fri, 21 Dec 2012 00:00:00 GMT"."""
    from email.utils import formatdate

    return formatdate(seconds, usegmt=True)
