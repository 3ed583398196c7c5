"""Other ways to judge the same records by the same rules: pySigma's SQLite backend, and Tenzir's operator.

Neither is needed for anything else, and neither comes with the project: the one is copyleft (LGPL-3.0), the other has
170 MB. ``pip install --no-deps pysigma-backend-sqlite tenzir`` in the project's environment puts them beside us.
"""

from __future__ import annotations

import importlib
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from safecare.detect.logs.engine import Engine
from safecare.detect.logs.plan import Plan
from safecare.formats.logs.record import LogRecord
from safecare.model.plugins import lacking
from safecare.testing.bench import Row, Skipped

GET = "pip install --no-deps"


def by_sqlite(plan: Plan, records: Sequence[LogRecord]) -> Iterable[Row | Skipped]:
    """Ask one query for each rule, as Zircolite does: records in a table in memory, text without regard to case."""
    what = "pySigma's SQLite backend, the same rules and records"
    if lacking(("sigma.backends.sqlite",)):
        yield Skipped(what, f"{GET} pysigma-backend-sqlite")
        return
    covered = plan.sources.covered(frozenset(records[0].fields), records[0].fields)
    wanted = {plan.rules[number].id: plan.rules[number].file for part in covered for number in part.rules}
    queries = _queries(wanted)
    columns = dict.fromkeys(name.lower() for one in records for name in one.fields)
    for test in plan.tests:
        columns.setdefault(test.field.lower())
    columns.pop("", None)
    names = list(columns)
    table = ", ".join(f'"{name}" TEXT COLLATE NOCASE' for name in names)
    rows = [[_text(fields.get(name)) for name in names] for fields in map(_lowered, records)]
    database = sqlite3.connect(":memory:")
    database.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, 30_000)
    found: set[tuple[int, str]] = set()
    asked: set[str] = set()
    began = time.process_time()
    database.execute(f"CREATE TABLE logs ({table})")
    database.executemany(f"INSERT INTO logs VALUES ({', '.join('?' * len(names))})", rows)
    for id, query in queries:
        try:
            found.update((row - 1, id) for (row,) in database.execute(query))
        except sqlite3.Error:
            continue  # of what SQLite has not: regular expressions, addresses
        asked.add(id)
    spent = time.process_time() - began
    yield Row(what=what, figure=len(records) / spent, unit="/s", note=f"{len(asked)} of {len(wanted)} rules asked")
    ours = {(row, plan.rules[rule].id) for row, rule, _ in Engine(plan).match([one.fields for one in records])}
    same = {pair for pair in ours if pair[1] in asked}
    yield Row(
        what="matches that differ from its",
        figure=len(same ^ found),
        unit="",
        better="less",
        target=0,
        note=f"{len(found)} of it, {len(same)} of ours for the same rules",
    )


def _queries(wanted: dict[str, str]) -> list[tuple[str, str]]:
    """Return rule and query of those of `wanted` (by id: file) that the backend can convert; keywords it can't."""
    from sigma.collection import SigmaCollection

    backend: Any = importlib.import_module("sigma.backends.sqlite").sqliteBackend()
    found: list[tuple[str, str]] = []
    for id, file in wanted.items():
        try:
            rules = list(SigmaCollection.from_yaml(Path(file).read_text("utf-8")).rules)
            [query] = [query for rule in rules if str(rule.id) == id for query in backend.convert_rule(rule)]
        except Exception:  # noqa: BLE001 - what a peer can't do is counted, not told one by one
            continue
        found.append((id, query.replace("SELECT * FROM", "SELECT rowid FROM", 1)))
    return found


def _lowered(record: LogRecord) -> dict[str, object]:
    return {name.lower(): value for name, value in record.fields.items()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def by_tenzir(folder: Path, raw: bytes, count: int) -> Row | Skipped:
    """Let Tenzir's operator judge the `count` records of `raw` (NDJSON) by the rules in `folder`."""
    what = "Tenzir's sigma operator, structured Windows"
    beside = Path(sys.executable).with_name("tenzir")
    program = shutil.which("tenzir") or (str(beside) if beside.is_file() else None)
    if program is None:
        return Skipped(what, f"{GET} tenzir")
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        file.write(raw)
        file.flush()
        spent = []
        for sigma in ("", f'| sigma "{folder}" '):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            pipeline = f'from_file "{file.name}" {{ read_ndjson }} {sigma}| summarize n=count()'
            done = subprocess.run([program, pipeline], capture_output=True, check=False, timeout=300)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode:
                return Skipped(what, done.stderr.decode("utf-8", "replace")[:80])
            spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return Row(what=what, figure=count / max(spent[1] - spent[0], 1e-6), unit="/s", note="start and reading left out")
