"""Lines of other sensors to rows of the database: CPU time of the two processes that the road has for it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from safecare.app.times import believed
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.scenarios.make.network import eve_flow
from safecare.sources.eve.decode import read_eve_lines
from safecare.sources.zeek.follow import read_zeek_lines
from safecare.store.database import Database
from safecare.store.write import StoreWriter
from safecare.testing.bench import Row
from safecare.testing.hospital import small_hospital

LINES, BATCH = 20_000, 1000
"""Lines of one run, and events in one entry of the log (the platform's default)."""
AT = datetime(2026, 11, 26, tzinfo=UTC)
HOSPITAL = small_hospital()
Read = Callable[[], list[Event]]
_FIELDS = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state"


def eve(run: int) -> Read:
    """Return the reader of `LINES` flow records of Suricata; each run has other ones."""
    raw = b"".join(
        eve_flow(AT + timedelta(milliseconds=n, days=run), "10.1.10.31", f"10.1.20.{n % 250}", 445, number=n).strip()
        + b"\n"
        for n in range(LINES)
    )
    return lambda: read_eve_lines(raw, HOSPITAL, "eve", AT)[0]


def zeek(run: int) -> Read:
    """Return the reader of `LINES` rows of Zeek's conn.log."""
    head = b"#path\tconn\n#fields\t" + "\t".join(_FIELDS.split()).encode() + b"\n"
    row = "{at}\tC{n}\t10.1.10.31\t{port}\t10.1.20.10\t445\ttcp\tsmb\t1.5\t100\t900\tSF\n"
    begin = AT.timestamp() + 86_400 * run
    raw = "".join(row.format(at=begin + n, n=n, port=1024 + n % 60_000) for n in range(LINES)).encode()
    return lambda: read_zeek_lines(raw, head, "conn", HOSPITAL, "zeek", AT)[0]


def rates(lines: Callable[[int], Read], repeats: int = 3) -> tuple[float, float]:
    """Return lines/s of the door (read, encode, append durably) and of the store writer, best of `repeats`."""
    doors: list[float] = []
    stores: list[float] = []
    with tempfile.TemporaryDirectory(prefix="safecare-bench-") as place:
        log, database = SqliteLog(Path(place) / "log"), Database(Path(place) / "database")
        database.migrate()
        writer = StoreWriter(log, database)
        for run in range(repeats):
            read = lines(run)
            began = time.process_time()
            raw = [encode_event(believed(event, AT)) for event in read()]
            log.append([Entry("event", tuple(raw[at : at + BATCH]), f"{run} {at}") for at in range(0, LINES, BATCH)])
            doors.append(time.process_time() - began)
            began = time.process_time()
            while writer.step(0):
                pass
            stores.append(time.process_time() - began)
            if writer.handled != LINES * (run + 1) or writer.rejected:
                raise AssertionError(f"{writer.handled} stored, {writer.rejected} rejected")
    return LINES / min(doors), LINES / min(stores)


def stored() -> Iterator[Row]:
    """Measure both kinds of log."""
    for name, lines in (("Suricata EVE", eve), ("Zeek conn.log", zeek)):
        door, store = rates(lines)
        yield Row(
            what=f"{name}, lines to stored events, two processes",
            figure=min(door, store),
            unit="/s",
            target=5e4,
            note=f"door {door:,.0f}/s, store {store:,.0f}/s, each on a core",
        )
