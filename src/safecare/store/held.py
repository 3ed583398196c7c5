"""Files that doors hold: laid down from the log, listed, and what a person may do with each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, Select, not_, select, tuple_, update

from safecare.model.event import Event
from safecare.model.events import decode_event
from safecare.model.events.acts import HeldDecided
from safecare.model.events.files import FileJudged, HeldForwarded
from safecare.model.text import Text, say
from safecare.store import schema
from safecare.store.database import Database, insert_new
from safecare.store.schema import micros

PAGE = 200
"""Held files that are listed at a time. Chosen: more than a person goes through."""
Decided = Literal["release", "discard"]
State = Literal["waiting", "released", "retrying", "sent", "refused", "unclear", "discarded"]
MAY: dict[Decided, frozenset[State]] = {
    "release": frozenset({"waiting", "refused", "unclear"}),
    "discard": frozenset({"waiting", "released", "retrying", "refused", "unclear"}),
}
"""States in which a person may do so: what the other side did not take may be sent again."""
OPEN = MAY["discard"]
"""States in which the bytes are still needed."""
_AFTER: dict[str, State] = {"sent": "sent", "refused": "refused", "waiting": "retrying", "unclear": "unclear"}
"""State by what the door told (`HeldForwarded.outcome`)."""


STATES: dict[State, Text] = {
    "waiting": say("waits for a decision"),
    "released": say("released, not sent yet"),
    "retrying": say("released, the other side is not reached"),
    "sent": say("released and sent"),
    "refused": say("released, refused by the other side"),
    "unclear": say("released, not known whether it arrived"),
    "discarded": say("discarded"),
}
"""What people are told of each state."""


class Held(msgspec.Struct, frozen=True):
    """One held file; `seq` is the log's number of what changed its state last."""

    file: FileJudged
    state: State
    seq: int
    act: HeldDecided | None
    result: HeldForwarded | None

    def may(self, decision: Decided) -> bool:
        """Tell whether a person may do so now."""
        return self.state in MAY[decision]

    @property
    def key(self) -> str:
        """The log's key of the next act: of two people who decide at the same time, the first one's counts."""
        return f"held\x1f{self.file.id}\x1f{self.seq}"


def held(database: Database, limit: int = PAGE, after: str = "") -> list[Held]:
    """Return up to `limit` held files: those that wait for somebody first, then the newest. Blocking.

    `after`: what follows that file in this order; nothing where there is no such file.
    """
    table = schema.held
    waits = table.c.state.in_(OPEN)
    newest = select(table).order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)
    if not after:
        still = _found(database, newest.where(waits))
        return [*still, *_found(database, newest.where(not_(waits)))][:limit]
    last = held_file(database, after)
    if last is None:
        return []
    beyond = newest.where(tuple_(table.c.at, table.c.id) < (micros(last.file.at), last.file.id))
    if last.state not in OPEN:
        return _found(database, beyond.where(not_(waits)))
    still = _found(database, beyond.where(waits))
    return [*still, *_found(database, newest.where(not_(waits)))][:limit]


def held_file(database: Database, id: str) -> Held | None:
    """Return the held file called `id` (that of its judgement), or None. Blocking."""
    return next(iter(_found(database, select(schema.held).where(schema.held.c.id == id))), None)


def lay_down(connection: Connection, event: Event, raw: bytes, seq: int) -> None:
    """Keep what `event` says of a held file; told again, nothing changes."""
    table = schema.held
    if isinstance(event, FileJudged):
        if event.act == "held":
            first = {"id": event.id, "at": micros(event.at), "state": "waiting", "seq": seq, "body": raw.decode()}
            insert_new(connection, table, [{**first, "act": "", "result": ""}])
        return
    if isinstance(event, HeldDecided):
        state: State = "released" if event.decision == "release" else "discarded"
        changed = update(table).values(state=state, seq=seq, act=raw.decode(), result="")
    elif isinstance(event, HeldForwarded):
        changed = update(table).values(state=_AFTER[event.outcome], seq=seq, result=raw.decode())
        if event.outcome == "waiting":  # discarded meanwhile
            changed = changed.where(table.c.state != "discarded")
    else:
        return
    connection.execute(changed.where(table.c.id == event.file, table.c.seq < seq))


def decide(of: Held, decision: Decided, reason: str, stamp: dict[str, Any]) -> HeldDecided:
    """Return the act of a person on a held file; `stamp` holds who, when and where."""
    file = of.file
    return HeldDecided(
        **stamp,
        file=file.id,
        door=file.source,
        artifact=file.artifact,
        call=file.call,
        decision=decision,
        reason=reason,
        asset=file.asset,
        zone=file.zone,
    )


def age(of: Held, now: datetime) -> float:
    """Return the seconds since the file came."""
    return max(0.0, (now - of.file.at).total_seconds())


def _found(database: Database, query: Select[Any]) -> list[Held]:
    with database.reading() as connection:
        rows = connection.execute(query).all()
    return [_read(row) for row in rows]


def _read(row: Row[Any]) -> Held:
    judged, act, result = (decode_event(text.encode()) if text else None for text in (row.body, row.act, row.result))
    if not isinstance(judged, FileJudged):
        raise msgspec.DecodeError(f"held file {row.id} is no judgement")
    return Held(
        judged,
        row.state,
        row.seq,
        act if isinstance(act, HeldDecided) else None,
        result if isinstance(result, HeldForwarded) else None,
    )
