"""Tokens of pages: where a listing goes on, readable by nobody but the listing that gave them out."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from awsim.services.logs.refusals import bad_token


def written(listing: str, place: str) -> str:
    return urlsafe_b64encode(f"{listing}\n{place}".encode()).decode()


def read(listing: str, token: str) -> str:
    """The place in a token; raises InvalidParameterException for one that this listing did not give out."""
    try:
        if not token.isascii() or len(token) % 4:
            raise ValueError
        found, line, place = urlsafe_b64decode(token.encode()).decode().partition("\n")
    except ValueError:
        raise bad_token() from None
    if not line or found != listing:
        raise bad_token()
    return place
