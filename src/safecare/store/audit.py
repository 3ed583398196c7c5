"""The audit chain: every act of a person, in order, each row sealed together with all before it.

A row's hash is SHA-256 over the hash before it and the act's JSON. The tables' triggers refuse to change
or delete a row; `verify` finds any change made around them. Acts get here as events (`act.*`) only, laid
down by the store writer; there is no other way in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select

from safecare.model.events import decode_event, encode_event
from safecare.model.events.acts import Act
from safecare.store.database import Database
from safecare.store.schema import audit, micros

_START = bytes(32)
"""What stands before the first row. Chosen: 32 zero bytes."""
_PAGE = 1000


class AuditEntry(msgspec.Struct, frozen=True):
    """One sealed act; `detail` is its JSON, `hash` hexadecimal."""

    seq: int
    at: datetime
    actor: str
    act: str
    detail: str
    hash: str


class AuditCheck(msgspec.Struct, frozen=True):
    """Whether the chain is whole: rows checked, first row that is not as sealed, and the hash of the last one.

    Write `head` down elsewhere to notice rows cut off at the end.
    """

    ok: bool
    count: int
    broken_at: int | None
    head: str


def extend(connection: Connection, acts: Sequence[Act]) -> None:
    """Seal those of `acts` that are not in the chain yet, in order, in the caller's transaction."""
    if not acts:
        return
    ids = [act.id for act in acts]
    known = set(connection.scalars(select(audit.c.event).where(audit.c.event.in_(ids))))
    fresh = {act.id: act for act in acts if act.id not in known}
    if not fresh:
        return
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, head = (last.seq, last.hash) if last else (0, _START)
    rows = []
    for act in fresh.values():
        seq += 1
        detail = encode_event(act)
        head = _seal(head, detail)
        rows.append(
            {
                "seq": seq,
                "event": act.id,
                "at": micros(act.at),
                "actor": act.actor,
                "act": act.kind,
                "detail": detail.decode(),
                "hash": head,
            }
        )
    connection.execute(insert(audit), rows)


def verify(database: Database) -> AuditCheck:
    """Recompute the whole chain and compare every row, its searchable columns included."""
    head = _START
    seq = 0
    with database.reading() as connection:
        while rows := connection.execute(
            select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(_PAGE)
        ).all():
            for row in rows:
                seq += 1
                head = _seal(head, row.detail.encode())
                if row.seq != seq or row.hash != head or not _agrees(row.detail, row.event, row.at, row.actor, row.act):
                    return AuditCheck(ok=False, count=seq - 1, broken_at=seq, head=head.hex())
    return AuditCheck(ok=True, count=seq, broken_at=None, head=head.hex())


def _seal(before: bytes, detail: bytes) -> bytes:
    return hashlib.sha256(before + detail).digest()


def _agrees(detail: str, event: str, at: int, actor: str, kind: str) -> bool:
    try:
        act = decode_event(detail.encode())
    except msgspec.DecodeError:
        return False
    return isinstance(act, Act) and (act.id, micros(act.at), act.actor, act.kind) == (event, at, actor, kind)
