"""What a pytest run did with AWS: gathered over all Clouds and workers, as a terminal summary and one HTML page.

pytest --awsim-report                  a summary at the end
pytest --awsim-report=aws.html         and the page
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from awsim.calls import CallRecord
    from awsim.cloud import Cloud
    from awsim.gateway.call import Call

# The errors by which AWS says "too fast"; botocore retries them.
THROTTLES = frozenset(
    {
        "BandwidthLimitExceeded", "EC2ThrottledException", "KMSThrottlingException",
        "PriorRequestNotComplete", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
        "RequestThrottledException", "SlowDown", "Throttling", "ThrottledException", "ThrottlingException",
        "TooManyRequestsException", "TransactionInProgressException",
    }
)  # fmt: skip
_SHOWN = 10


class Limit(NamedTuple):
    """How near a run came to a limit."""

    name: str
    scope: str
    peak: float
    allowed: float
    unit: str

    @property
    def share(self) -> float:
        return self.peak / self.allowed if self.allowed else 1.0


class Recorder:
    """Hears of every call, every jump of a clock and every Cloud that ends, while `Cloud.observer`."""

    def __init__(self) -> None:
        self.test = ""
        self.calls: dict[str, int] = {}
        self.errors: dict[tuple[str, str], int] = {}  # (call, code)
        self.limits: dict[tuple[str, str], Limit] = {}
        self.skipped: dict[str, float] = {}  # by test, seconds of virtual time
        self.tests: set[str] = set()

    # --- what Clouds tell

    def called(self, record: CallRecord, call: Call | None = None) -> None:
        self.tests.add(self.test)
        self.calls[record.name] = self.calls.get(record.name, 0) + 1
        if record.error is not None:
            key = (record.name, record.error.code)
            self.errors[key] = self.errors.get(key, 0) + 1
        for caused in record.caused:
            self.called(caused)

    def worked(self, records: Sequence[CallRecord]) -> None:
        """What scheduled work calls is no program's: it is not counted."""

    def jumped(self, seconds: float) -> None:
        self.skipped[self.test] = self.skipped.get(self.test, 0.0) + seconds

    def leaving(self, cloud: Cloud) -> None:
        """What was used is about to be gone."""
        for usage in cloud.limits.usage():
            if isinstance(usage.allowed, int | float) and isinstance(usage.peak, int | float):
                self._near(Limit(usage.name, usage.scope, usage.peak, usage.allowed, usage.unit))

    def _near(self, limit: Limit) -> None:
        # Which queue or table it was of many means nothing in a summary: the nearest speaks for them.
        key = (limit.name, limit.unit)
        known = self.limits.get(key)
        if known is None or limit.share > known.share:
            self.limits[key] = limit

    # --- workers

    def data(self) -> dict[str, Any]:
        """All of it, of plain types."""
        return {
            "calls": self.calls,
            "errors": [[*key, count] for key, count in self.errors.items()],
            "limits": [list(limit) for limit in self.limits.values()],
            "skipped": self.skipped,
            "tests": sorted(self.tests),
        }

    def merge(self, data: Mapping[str, Any]) -> None:
        for name, count in data["calls"].items():
            self.calls[name] = self.calls.get(name, 0) + count
        for name, code, count in data["errors"]:
            self.errors[name, code] = self.errors.get((name, code), 0) + count
        for limit in data["limits"]:
            self._near(Limit(*limit))
        for test, seconds in data["skipped"].items():
            self.skipped[test] = self.skipped.get(test, 0.0) + seconds
        self.tests.update(data["tests"])

    # --- what there is to say

    @property
    def most_called(self) -> list[tuple[str, int]]:
        return sorted(self.calls.items(), key=lambda item: (-item[1], item[0]))

    def refusals(self, *, throttles: bool) -> list[tuple[str, str, int]]:
        """(call, code, count): the errors that are throttles, or those that are not; most frequent first."""
        found = [(*key, count) for key, count in self.errors.items() if (key[1] in THROTTLES) is throttles]
        return sorted(found, key=lambda item: (-item[2], item[:2]))

    @property
    def nearest(self) -> list[Limit]:
        return sorted(self.limits.values(), key=lambda limit: (-limit.share, limit.name))

    @property
    def slowest(self) -> list[tuple[str, float]]:
        found = [(test, seconds) for test, seconds in self.skipped.items() if seconds >= 0.001]
        return sorted(found, key=lambda item: (-item[1], item[0]))

    @property
    def headline(self) -> list[tuple[str, str]]:
        throttled = sum(count for _, _, count in self.refusals(throttles=True))
        return [
            ("tests on AWS", f"{len(self.tests):,}"),
            ("calls", f"{sum(self.calls.values()):,}"),
            ("errors", f"{sum(self.errors.values()) - throttled:,}"),
            ("throttles", f"{throttled:,}"),
            ("virtual time skipped", duration(sum(self.skipped.values()))),
        ]


def duration(seconds: float) -> str:
    """As somebody would say it: "1.5 s", "4 min 10 s", "3 d 2 h"."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    for size, unit, smaller, part in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = int(seconds % size // smaller)
            return f"{int(seconds // size):,} {unit}" + (f" {rest} {part}" if rest else "")
    raise AssertionError


def number(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.3g}"


# --- terminal


def lines(recorder: Recorder) -> Iterator[str]:
    """The summary."""
    yield ", ".join(f"{value} {name}" for name, value in recorder.headline)
    yield from _section("calls", [f"{count:>9,}  {name}" for name, count in recorder.most_called])
    for title, throttles in (("errors met", False), ("throttles met", True)):
        found = recorder.refusals(throttles=throttles)
        yield from _section(title, [f"{count:>9,}  {name} {code}" for name, code, count in found])
    yield from _section(
        "limits, nearest first",
        [
            f"{limit.share:>9.0%}  {limit.name}  {number(limit.peak)} of {number(limit.allowed)} {limit.unit}"
            for limit in recorder.nearest
        ],
    )
    yield from _section(
        "slowest tests by virtual time", [f"{duration(seconds):>9}  {test}" for test, seconds in recorder.slowest]
    )


def _section(title: str, entries: list[str]) -> Iterator[str]:
    if entries:
        more = f" ({len(entries) - _SHOWN} more)" if len(entries) > _SHOWN else ""
        yield ""
        yield f"{title}{more}"
        yield from entries[:_SHOWN]


# --- HTML

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6470; --line: #dfe3e8; --back: #fff; --bar: #3b7dd8;
  --warn: #d9822b; --bad: #c93c37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #98a2ae; --line: #30363d; --back: #14181d;
  --bar: #5a9bef; --warn: #e5a054; --bad: #ef6f6a; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--back); margin: 2rem auto;
  max-width: 62rem; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; }
.numbers { display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; margin: 0; list-style: none; }
.numbers li { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem 1rem; min-width: 7rem; }
.numbers b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.numbers span, p.none, caption { color: var(--soft); }
table { border-collapse: collapse; width: 100%; } td, th { padding: .28rem .5rem; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: middle; }
th { font-weight: 600; color: var(--soft); font-size: .85rem; }
td.name { overflow-wrap: anywhere; } td.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; } td.chart { width: 34%; }
.bar { height: .8rem; border-radius: .2rem; background: var(--bar); min-width: 2px; }
.bar.warn { background: var(--warn); } .bar.bad { background: var(--bad); }
.track { background: var(--line); border-radius: .2rem; }
"""


def page(recorder: Recorder) -> str:
    """One HTML page that needs nothing else."""
    numbers = "".join(f"<li><b>{_text(value)}</b><span>{_text(name)}</span></li>" for name, value in recorder.headline)
    by_service: dict[str, int] = {}
    for name, count in recorder.calls.items():
        service = name.partition(":")[0]
        by_service[service] = by_service.get(service, 0) + count
    services = sorted(by_service.items(), key=lambda item: (-item[1], item[0]))
    errors, throttles = recorder.refusals(throttles=False), recorder.refusals(throttles=True)
    parts = [
        _table("Calls by service", ("service", "calls"), _counted(services)),
        _table("Errors met", ("call and error", "times"), _counted(_named(errors), "bad")),
        _table("Throttles met", ("call and error", "times"), _counted(_named(throttles), "warn")),
        _table(
            "Limits, nearest first",
            ("limit", "used of allowed"),
            [
                (limit.name, f"{number(limit.peak)} of {number(limit.allowed)} {limit.unit}", limit.share, _tone(limit))
                for limit in recorder.nearest
            ],
            track=True,
        ),
        _table(
            "Slowest tests by virtual time skipped",
            ("test", "skipped"),
            _scaled([(test, seconds, duration(seconds)) for test, seconds in recorder.slowest], ""),
        ),
        _table("Calls by operation", ("operation", "calls"), _counted(recorder.most_called)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>AWS in this test run</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head>\n<body><h1>AWS in this test run</h1>\n"
        f'<ul class="numbers">{numbers}</ul>\n{"".join(parts)}</body></html>\n'
    )


_Entry = tuple[str, str, float, str]


def _named(found: Iterable[tuple[str, str, int]]) -> list[tuple[str, int]]:
    return [(f"{name} {code}", count) for name, code, count in found]


def _counted(found: list[tuple[str, int]], tone: str = "") -> list[_Entry]:
    return _scaled([(name, count, f"{count:,}") for name, count in found], tone)


def _scaled(found: list[tuple[str, float, str]], tone: str) -> list[_Entry]:
    most = max((value for _, value, _ in found), default=1)
    return [(name, shown, value / most, tone) for name, value, shown in found]


def _tone(limit: Limit) -> str:
    return "bad" if limit.share >= 1 else "warn" if limit.share >= 0.8 else ""


def _table(title: str, heads: tuple[str, str], entries: list[_Entry], *, track: bool = False) -> str:
    if not entries:
        return f'<h2>{_text(title)}</h2><p class="none">none</p>\n'
    rows = "".join(
        f'<tr><td class="name">{_text(name)}</td><td class="number">{_text(shown)}</td><td class="chart">'
        f'<div class="{"track" if track else ""}"><div class="bar {tone}" style="width:{min(share, 1):.1%}">'
        "</div></div></td></tr>\n"
        for name, shown, share, tone in entries
    )
    head = f'<tr><th scope="col">{heads[0]}</th><th scope="col" style="text-align:right">{heads[1]}</th><th></th></tr>'
    return f"<h2>{_text(title)}</h2>\n<table><thead>{head}</thead><tbody>\n{rows}</tbody></table>\n"


def _text(value: str) -> str:
    return html.escape(value)
