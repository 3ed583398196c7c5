"""Benchmarks that claim something: figure, peer or limit, ratio and target, measured in one run.

A benchmark is a module ``tests/bench/bench_<name>.py`` with a function ``rows() -> Iterable[Row]``. The command
``script/bench [NAME ...]`` prints one table and ends with 0 only if every target holds.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf
from pathlib import Path
from time import process_time
from typing import Literal

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure.

    `target` holds when figure and target stand in the order that `better` says. `peer` is the same thing
    measured in the same run on a peer or on the machine itself (the limit), `peer_name` says which.
    """

    what: str
    figure: float
    unit: str
    better: Literal["more", "less"] = "more"
    target: float | None = None
    peer: float | None = None
    peer_name: str = ""
    note: str = ""

    @property
    def holds(self) -> bool:
        """True when there is no target, or it is reached."""
        if self.target is None:
            return True
        return self.figure >= self.target if self.better == "more" else self.figure <= self.target

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer (above 1), or worse (below 1)."""
        if not self.peer or not self.figure:
            return None
        return self.figure / self.peer if self.better == "more" else self.peer / self.figure


class Skipped(msgspec.Struct, frozen=True):
    """What could not be measured here, and why."""

    what: str
    why: str


def rate(act: Callable[[], int], seconds: float = 1.0) -> float:
    """Return how many things per second of this process' CPU time `act` does; it returns how many it did.

    CPU time, because these machines are shared. Repeats for about `seconds` and takes the best repeat.
    """
    best, end = 0.0, time.monotonic() + seconds
    while True:
        started = time.process_time()
        done = act()
        best = max(best, done / max(time.process_time() - started, 1e-9))
        if time.monotonic() >= end:
            return best


def benchmarks(folder: Path, names: Sequence[str]) -> Iterator[tuple[str, Callable[[], Iterable[Row | Skipped]]]]:
    """Yield the benchmarks of `folder` called `names`, or all. Raises `SystemExit` for a name that is none."""
    found = {path.stem.removeprefix("bench_"): path for path in sorted(folder.glob("bench_*.py"))}
    for name in names or found:
        if name not in found:
            raise SystemExit(f"no benchmark is called {name}; there are: {', '.join(found)}")
        specification = importlib.util.spec_from_file_location(f"bench_{name}", found[name])
        if specification is None or specification.loader is None:
            raise SystemExit(f"{found[name]} can't be loaded")
        module = importlib.util.module_from_spec(specification)
        sys.modules[specification.name] = module
        specification.loader.exec_module(module)
        yield name, module.rows


def table(rows: Iterable[Row | Skipped]) -> str:
    """Return `rows` as a text table."""
    lines = [f"{'what':<58} {'figure':>14} {'peer or limit':>30} {'ratio':>8} {'target':>14}"]
    for row in rows:
        if isinstance(row, Skipped):
            lines.append(f"{row.what:<58} skipped: {row.why}")
            continue
        peer = f"{row.peer:,.4g} {row.peer_name}" if row.peer is not None else row.peer_name
        ratio = f"{row.ratio:.2f}x" if row.ratio is not None else ""
        sign = ">=" if row.better == "more" else "<="
        target = "" if row.target is None else f"{sign} {row.target:,.4g} {'ok' if row.holds else 'MISSED'}"
        lines.append(
            f"{row.what:<58} {row.figure:>10,.4g} {row.unit:<4} {peer:>29} {ratio:>8} {target:>14}  {row.note}"
        )
    return "\n".join(line.rstrip() for line in lines)


def quickest(act: Callable[[], object], repeats: int = 3) -> float:
    """Return the seconds of processor time that `act` takes: the least of `repeats`."""
    best = inf
    for _ in range(repeats):
        began = process_time()
        act()
        best = min(best, process_time() - began)
    return best


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks in folder ``arguments[0]`` that the rest names; 0 when all targets hold."""
    missed = 0
    for name, rows in benchmarks(Path(arguments[0]), arguments[1:]):
        measured = list(rows())
        print(f"\n{name}\n{table(measured)}", flush=True)
        missed += sum(1 for row in measured if isinstance(row, Row) and not row.holds)
    print(f"\n{'all targets hold' if not missed else f'{missed} targets missed'}")
    return 1 if missed else 0


if __name__ == "__main__":  # by its own name, so that `Row` here is the `Row` of the benchmarks
    sys.exit(importlib.import_module("safecare.testing.bench").main(sys.argv[1:]))
