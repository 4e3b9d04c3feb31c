"""Filters of ListSecrets and BatchGetSecretValue.

Source: AWS Secrets Manager User Guide, "Find secrets": values match beginnings; one that begins with "!" excludes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from awsim.services.secretsmanager import refusals
from awsim.services.secretsmanager.secret import Secret

Filters = Sequence[Mapping[str, Any]]
_WORDS = re.compile(r"[^ /_+=.@!-]+")


def match(secret: Secret, filters: Filters) -> bool:
    """Whether a secret fits all filters, and of each any value."""
    return all(any(_fits(secret, each["Key"], value) for value in each["Values"]) for each in filters)


def check(filters: Filters) -> None:
    """Refuse filters that say nothing."""
    if any("Key" not in each or not each.get("Values") for each in filters):
        raise refusals.parameter("Every filter needs a key and values.")


def _fits(secret: Secret, key: str, value: str) -> bool:
    if value.startswith("!"):
        return not _fits(secret, key, value[1:])
    if key == "name":
        return secret.name.startswith(value)
    if key == "description":
        return _begins_a_word(secret.description or "", value)
    if key == "tag-key":
        return any(each.startswith(value) for each in secret.tags)
    if key == "tag-value":
        return any(each.startswith(value) for each in secret.tags.values())
    if key == "primary-region":
        return (secret.primary_region or "").startswith(value)
    if key == "owning-service":
        return (secret.owner or "").startswith(value)
    return all(_anywhere(secret, word) for word in _WORDS.findall(value))


def _begins_a_word(text: str, value: str) -> bool:
    wanted = value.lower()
    return text.lower().startswith(wanted) or f" {wanted}" in text.lower()


def _anywhere(secret: Secret, word: str) -> bool:
    texts = [secret.name, secret.description or "", *secret.tags, *secret.tags.values(), secret.owner or ""]
    return any(each.lower().startswith(word.lower()) for text in texts for each in _WORDS.findall(text))
