"""Prints the table; see the package."""

from __future__ import annotations

import argparse
import json
import sys

from . import calls, growth, modes, startup, upload, whole
from .report import Runs, lines, moto_python

SECTIONS = {"calls": calls, "modes": modes, "whole": whole, "startup": startup, "growth": growth, "upload": upload}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="What awsim costs, as ratios.")
    parser.add_argument("sections", nargs="*", metavar="section", help=f"of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller states; ratios are rougher")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument("--moto-python", metavar="PATH", help="a Python that has moto; this one by default")
    options = parser.parse_args()
    unknown = set(options.sections) - SECTIONS.keys()
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    runs = Runs(options.quick, moto_python(options.moto_python))
    collected = {}
    for name in options.sections or SECTIONS:
        module = SECTIONS[name]
        collected[name] = module.figures(runs)
        if not options.json:
            print("\n".join(lines(module.TITLE, collected[name])), flush=True)
    if options.json:
        print(json.dumps({name: [figure.as_json() for figure in found] for name, found in collected.items()}, indent=1))
    return int(any(figure.verdict == "over" for found in collected.values() for figure in found))


if __name__ == "__main__":
    sys.exit(main())
