"""A process of its own for each measurement: `python -m tests.benchmarks.child SECTION BACKEND [quick]`.

Prints one JSON object: name of the figure -> numbers, as the section's `measure` returns them.
"""

from __future__ import annotations

import importlib
import json
import sys

from . import backends

if __name__ == "__main__":
    section, backend, *rest = sys.argv[1:]
    backends.isolate()
    module = importlib.import_module(f"tests.benchmarks.{section}")
    print(json.dumps(module.measure(backend, "quick" in rest)))
