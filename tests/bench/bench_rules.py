"""The Sigma engine: start, records per second with parsing, a thousand made rules; beside the plainest way of asking.

pySigma's SQLite backend and Tenzir's operator are measured beside it where they are installed (`sigma_peers`).
"""

from __future__ import annotations

import gc
import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from safecare.app.rules import COLLECT, read_plan
from safecare.detect.logs.engine import Engine
from safecare.detect.logs.plan import Compiled, Plan
from safecare.formats.logs.files import read_log
from safecare.formats.logs.record import LogRecord
from safecare.testing.bench import Row, Skipped, rate

sys.path.insert(0, str(Path(__file__).parent))
from log_lanes import lane
from log_synthetic import records, rules
from sigma_peers import by_sqlite, by_tenzir

COUNT = 30_000
"""Records of each lane."""
LEARNED = 1_500
"""Records of the same kind, but others, that the engine has seen before."""
LANES = (
    ("structured Windows", False, 50_000),
    ("structured Windows", True, 25_000),
    ("file events", False, None),
    ("raw Windows text", True, 200_000),
    ("Cisco commands", True, 200_000),
)
REPEATS = 3
"""How often a figure is measured; the best counts, for other jobs run beside."""
PEER = 10_000
"""Records for SQLite: a batch as large as ours."""
FEW = 300
"""Records for the slow peers."""


def rows() -> Iterable[Row | Skipped]:
    """Measure with all shared rules, then with made ones."""
    root = os.environ.get("SAFECARE_DATA")
    if root:
        yield from _shared(Path(root, "sigma"))
    else:
        yield Skipped("rules of SigmaHQ", "SAFECARE_DATA is not set")
    yield _made()


def _shared(folder: Path) -> Iterator[Row | Skipped]:
    with tempfile.TemporaryDirectory() as cache:
        read_plan(folder, cache=Path(cache))
        started = time.process_time()
        plan = read_plan(folder, cache=Path(cache))
        spent = time.process_time() - started
    count = len(plan.rules)
    yield Row(what=f"start with {count} rules, compiled before", figure=spent, unit="s", better="less", target=2)
    plain = _plain(plan)
    for name, unique, target in LANES:
        figure = _best(plan, lane(name, LEARNED, unique=unique, seed=1), lane(name, COUNT, unique=unique))
        what = f"{name}{', every text another one' if unique else ''}, with parsing"
        if name == "structured Windows" and not unique:
            yield Row(what=what, figure=figure, unit="/s", target=target, peer=plain, peer_name="every rule asked")
        else:
            yield Row(what=what, figure=figure, unit="/s", target=target)
    yield from by_sqlite(plan, _fields(lane("structured Windows", PEER)))
    yield by_tenzir(folder / "rules", lane("structured Windows", FEW), FEW)
    yield _harmless(plan)


def _best(plan: Plan, before: bytes, raw: bytes) -> float:
    """Return the best of `REPEATS` rates, each of an engine that has seen only the records `before`."""
    rates = []
    for _ in range(REPEATS):
        engine = Engine(plan)
        _run(engine, before)
        rates.append(rate(lambda engine=engine: _run(engine, raw), 0))  # type: ignore[misc]
    return max(rates)


def _run(engine: Engine, raw: bytes) -> int:
    count = 0
    reads = read_log(io.BytesIO(raw))
    while batch := [one.fields for one in islice(reads, 10_000) if isinstance(one, LogRecord)]:
        engine.match(batch)
        count += len(batch)
    return count


def _fields(raw: bytes) -> list[LogRecord]:
    return [one for one in read_log(io.BytesIO(raw)) if isinstance(one, LogRecord)]


def _plain(plan: Plan) -> float:
    """Ask every rule that may judge a record, one after the other."""
    some = _fields(lane("structured Windows", FEW))

    def ask() -> int:
        for one in some:
            for part in plan.sources.covered(frozenset(one.fields), one.fields):
                for rule in part.rules:
                    plan.holds(rule, one.fields, part.names)
        return len(some)

    return rate(ask, 0)


def _harmless(plan: Plan) -> Row:
    """Count what fires on made records in which nothing is meant to be suspicious."""
    from log_lanes import LANES as MADE

    engine, found, count = Engine(plan), Counter[str](), 0
    for name in MADE:
        some = [one.fields for one in _fields(lane(name, 3_000, bad=0.0))]
        count += len(some)
        found.update(plan.rules[rule].title for _, rule, _ in engine.match(some))
    listed = "; ".join(f"{title} {number}" for title, number in found.most_common(6))
    share = 100 * found.total() / count
    return Row(
        what=f"alerts per 100 made harmless records of {count}", figure=share, unit="", better="less", note=listed
    )


def _made() -> Row:
    plan = Plan(Compiled(rules(1000)))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)
    some = records(120_000)

    def match(engine: Engine) -> int:
        for at in range(20_000, 120_000, 10_000):
            engine.match(some[at : at + 10_000])
        return 100_000

    rates = []
    for _ in range(REPEATS):
        engine = Engine(plan)
        engine.match(some[:20_000])
        rates.append(rate(lambda engine=engine: match(engine), 0))  # type: ignore[misc]
    return Row(what="1,000 made rules, records in memory", figure=max(rates), unit="/s", target=300_000)
