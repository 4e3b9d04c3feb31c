"""The command line: `python -m awsim limits` prints the limits table, `python -m awsim coverage` what is modelled."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

from awsim.errors import AwsimError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it went well, 2 if the arguments name something that does not exist."""
    parser = argparse.ArgumentParser(prog="awsim", description="AWS inside a Python process, for tests.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    limits = commands.add_parser("limits", help="print the limits table, of one service or of all")
    limits.add_argument("service", nargs="?", help="a service as botocore names it, as in sqs")
    limits.add_argument(
        "--as-of", type=_date, metavar="DATE", help="print the values AWS had on that day, as in 2024-01-31"
    )
    coverage = commands.add_parser("coverage", help="print which operations are modelled, of one service or of all")
    coverage.add_argument("service", nargs="?", help="a service as botocore names it, as in sqs")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "limits":
            lines = _limits(chosen.service, chosen.as_of)
        else:
            lines = _coverage(chosen.service)
    except AwsimError as error:
        print(f"awsim: {error}", file=sys.stderr)
        return 2
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stderr.close()
    return 0


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as in 2024-01-31") from None


def _limits(service: str | None, as_of: date | None) -> list[str]:
    """The table as lines: name, kind, value, what it is per, error, earlier values, source."""
    from awsim.limits import load, services

    rows = [row for name in ([service] if service else services()) for row in load(name).values()]
    table = [("NAME", "KIND", "VALUE", "PER", "ERROR", "WAS", "SOURCE")]
    for row in rows:
        value = row.at(as_of)
        if value is None:
            shown = "-"  # the row did not exist then
        else:
            unit = f"{row.unit}/s" if row.kind == "rate" else row.unit
            shown = f"{_number(value)} {unit}".strip()
            if row.kind == "rate" and isinstance(value, int | float) and row.burst is not None:
                shown += f", burst {_number(row.burst_at(value))}"
        was = "; ".join(f"{_number(earlier)} until {until}" for until, earlier in row.was)
        table.append((row.full_name, row.kind, shown, row.per or "", row.error or "", was, row.source))
    return _columns(table)


def _number(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _coverage(service: str | None) -> list[str]:
    """Modelled operations: a line per service and their sum, or those of one service by name."""
    modelled = {name: _operations(implementation) for name, implementation in sorted(_services().items())}
    if service is None:
        table = [("SERVICE", "MODELLED", "OF", "SHARE")]
        for name, operations in modelled.items():
            table.append((name, *_share(operations.values())))
        table.append(("total", *_share([done for operations in modelled.values() for done in operations.values()])))
        return _columns(table)
    if service not in modelled:
        raise AwsimError(f'"{service}" is not modelled; modelled are: {", ".join(modelled) or "none"}')
    operations = modelled[service]
    done, of, share = _share(operations.values())
    return [
        f"{service}: {done} of {of} operations ({share})",
        *(f"  {operation}" for operation, is_modelled in operations.items() if is_modelled),
        *(f"  {operation}  not modelled" for operation, is_modelled in operations.items() if not is_modelled),
    ]


def _services() -> dict[str, type]:
    """The service classes, by botocore's name."""
    import importlib
    import pkgutil

    import awsim.services

    found: dict[str, type] = {}
    for package in pkgutil.iter_modules(awsim.services.__path__):
        if package.ispkg:
            module = importlib.import_module(f"awsim.services.{package.name}")
            implementation = getattr(module, "SERVICE", None)
            if implementation is not None:
                found[implementation.name] = implementation
    return found


def _operations(implementation: Any) -> dict[str, bool]:
    """Whether the class has a method of its own for each operation of the installed botocore's model."""
    from botocore import xform_name
    from botocore.loaders import Loader

    model = Loader(include_default_search_paths=True).load_service_model(implementation.name, "service-2")
    # What every service inherits (`call`, `error`) is no operation, even if one has that name.
    own = {
        attribute
        for base in implementation.__mro__
        if base is not object and base.__module__ != "awsim.service"
        for attribute, value in vars(base).items()
        if callable(value)
    }
    return {name: xform_name(name) in own for name in sorted(model["operations"])}


def _share(operations: Any) -> tuple[str, str, str]:
    every = list(operations)
    done = sum(every)
    return str(done), str(len(every)), f"{done / len(every):.0%}" if every else "-"


def _columns(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


if __name__ == "__main__":
    sys.exit(main())
