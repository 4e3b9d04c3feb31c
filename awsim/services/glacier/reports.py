"""The inventory of a vault, as a job brings it.

Source: S3 Glacier Developer Guide, "Get Job Output", vault inventory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from awsim.services.glacier.vault import Archive, second

_COLUMNS = ("ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash")


def report(arn: str, date: float, archives: Iterable[Archive], form: str) -> bytes:
    """An inventory of a vault in `form`: "JSON" or "CSV"."""
    rows = [
        (archive.id, archive.description, second(archive.created), archive.size, archive.tree_hash)
        for archive in archives
    ]
    if form == "CSV":
        lines = [",".join(_COLUMNS)]
        for id, description, *rest in rows:
            lines.append(",".join([id, f'"{_escaped(description)}"', *map(str, rest)]))
        return "\n".join([*lines, ""]).encode()
    told = {
        "VaultARN": arn,
        "InventoryDate": second(date),
        "ArchiveList": [dict(zip(_COLUMNS, row, strict=True)) for row in rows],
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
