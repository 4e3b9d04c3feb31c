"""Every rule that is a number of AWS is a row of the limits table, or says why it is none."""

import json
import tomllib
from pathlib import Path

import pytest

from awsim.limits.table import load

HERE = Path(__file__).parent
RULES = HERE.parents[2] / "shared" / "rules"
SERVICES = HERE.parents[1] / "awsim" / "services"
KINDS = {"throttle", "quota", "limit", "default", "lifecycle", "consistency"}
TABLE = tomllib.loads((HERE / "rules_in_the_table.toml").read_text("utf-8"))
# A rule may count in minutes, hours, days, KiB, MiB or milliseconds where the row counts in seconds and bytes.
UNITS = (1, 60, 3600, 86400, 1024, 1024**2, 1024**3, 0.001)
ENTRIES = [(service, number, entry) for service, rules in TABLE.items() for number, entry in rules.items()]


def rules_of(service):
    path = RULES / f"{service}.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else ()
    return [rule for rule in map(json.loads, lines) if rule["kind"] in KINDS]


def rows_of(service, entry):
    names = entry.get("row", ()) if isinstance(entry, dict) else entry
    for name in [names] if isinstance(names, str) else names:
        where, _, row = name.rpartition(".")
        yield load(where or service)[row]


@pytest.mark.parametrize(("service", "number", "entry"), ENTRIES, ids=[f"{s}-{n}" for s, n, _ in ENTRIES])
def test_what_is_named_exists(service, number, entry):
    rows = list(rows_of(service, entry))
    assert rows or entry["not_a_row"]


needs_rules = pytest.mark.skipif(not RULES.is_dir(), reason="the rules are not beside this checkout")


@needs_rules
def test_every_service_that_has_such_rules_is_here():
    modelled = {
        path.name.strip("_").replace("_", "-") for path in SERVICES.iterdir() if (path / "__init__.py").is_file()
    }
    assert {service for service in modelled if rules_of(service)} == set(TABLE)


@needs_rules
@pytest.mark.parametrize("service", TABLE)
def test_every_rule_is_accounted_for(service):
    assert {rule["id"] for rule in rules_of(service)} == {f"{service}-{number}" for number in TABLE[service]}


@needs_rules
@pytest.mark.parametrize("service", TABLE)
def test_rows_have_the_numbers_of_their_rules(service):
    for rule in rules_of(service):
        entry = TABLE[service][rule["id"].removeprefix(f"{service}-")]
        value = rule["value"]
        stated = isinstance(entry, dict) and ("not_a_row" in entry or "differs" in entry)
        if stated or not isinstance(value, int | float):
            continue
        numbers = {row.value for row in rows_of(service, entry)}
        assert any(value * unit in numbers or any(value == n * unit for n in numbers) for unit in UNITS), rule


@needs_rules
@pytest.mark.parametrize("service", TABLE)
def test_older_numbers_are_history(service):
    for rule in rules_of(service):
        entry = TABLE[service][rule["id"].removeprefix(f"{service}-")]
        stated = isinstance(entry, dict) and ("not_a_row" in entry or "older" in entry)
        if rule["today"].startswith("changed") and not stated:
            assert any(row.was or row.until or row.since for row in rows_of(service, entry)), rule
