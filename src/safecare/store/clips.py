"""Clips around alerts: which there are, the seal of those with clear heads, and the end of what has had its time.

A clear copy is sealed with a key of its own (AES-256 in GCM, NIST SP 800-38D) that stands in the vault: it is changed
with the vault's keys, and gone with the clip.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from safecare.model.events import decode_event, encode_event
from safecare.model.events.video import ClipKept, ClipMissing
from safecare.model.ids import AlertId
from safecare.store import schema
from safecare.store.artifacts import Artifacts
from safecare.store.database import Database
from safecare.store.keyring import SealError
from safecare.store.schema import micros
from safecare.store.vault import CLIP, Vault

NONCE = 12
"""Bytes of the number used once (SP 800-38D, 8.2)."""
KIND, MISSING = "clip.kept", "clip.missing"
LONGEST = timedelta(days=31)
"""How far ahead the end of a clip can be (the French rule for video is one month: Code de la sécurité intérieure,
L252-5); one further ahead was made while our clock was wrong, and has its days from now on."""

_log = structlog.get_logger(__name__)


def seal(vault: Vault, raw: bytes) -> tuple[str, bytes]:
    """Return the name of a fresh secret of `vault`, and `raw` sealed with it. Blocking."""
    name, key, nonce = f"{CLIP}{secrets.token_hex(16)}", AESGCM.generate_key(256), secrets.token_bytes(NONCE)
    vault.put(name, key.hex())
    return name, nonce + AESGCM(key).encrypt(nonce, raw, name.encode())


def opened(vault: Vault, clip: ClipKept, sealed: bytes) -> bytes:
    """Return the clear copy of `clip`. Blocking. Raises `SealError`, `UnknownKeyError`."""
    key = bytes.fromhex(vault.get(clip.key))
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], clip.key.encode())
    except InvalidTag:
        raise SealError(f"{clip.id}: its clear copy is damaged") from None


def clips(database: Database, alerts: Collection[AlertId] | None = None) -> list[ClipKept]:
    """Return the clips around `alerts` (None: all), the oldest first. Blocking."""
    query = select(schema.event.c.body).where(schema.event.c.kind == KIND).order_by(schema.event.c.at)
    with database.reading() as connection:
        found = [decode_event(body.encode()) for body in connection.scalars(query)]
    wanted = None if alerts is None else frozenset(alerts)
    return [one for one in found if isinstance(one, ClipKept) and (wanted is None or not wanted.isdisjoint(one.alerts))]


def missing(database: Database, alerts: Collection[AlertId]) -> list[ClipMissing]:
    """Return why there is no clip, or none any more, around `alerts`, the oldest first. Blocking."""
    query = select(schema.event.c.body).where(schema.event.c.kind == MISSING).order_by(schema.event.c.at)
    with database.reading() as connection:
        found = [decode_event(body.encode()) for body in connection.scalars(query)]
    wanted = frozenset(alerts)
    return [one for one in found if isinstance(one, ClipMissing) and not wanted.isdisjoint(one.alerts)]


def sweep(database: Database, artifacts: Artifacts, now: datetime, needed: Collection[str]) -> int:
    """Delete the clips whose time is over and that no alert of `needed` rests on; return how many. Blocking.

    One that can't be deleted now is left for the next time, and does not hold up the others.
    """
    gone = 0
    for clip in clips(database):
        try:
            if clip.until > now + LONGEST:
                _put_right(database, clip, now)
            elif clip.until <= now and frozenset(needed).isdisjoint(clip.alerts):
                _delete(database, artifacts, clip, now)
                gone += 1
        except (SQLAlchemyError, OSError) as error:
            _log.error("a clip could not be deleted", clip=clip.id, exc_info=error)
    return gone


def _put_right(database: Database, clip: ClipKept, now: datetime) -> None:
    """Give `clip`, made while our clock was ahead, the days that it was to be kept, from `now` on."""
    body = encode_event(msgspec.structs.replace(clip, until=now + (clip.until - clip.at))).decode()
    with database.writing() as connection:
        connection.execute(update(schema.event).where(schema.event.c.id == clip.id).values(body=body))


def _delete(database: Database, artifacts: Artifacts, clip: ClipKept, now: datetime) -> None:
    """Delete `clip`; what is told of it afterwards is that it was there, and when it went.

    The key of a clear copy goes first: without it the copy is noise, whatever becomes of its file.
    """
    with database.writing() as connection:
        connection.execute(delete(schema.sealed).where(schema.sealed.c.name == clip.key))
    for hash in (clip.artifact, clip.clear):
        if hash:
            artifacts.delete(hash)
    over = ClipMissing(
        id=clip.id, at=now, seen=now, source=clip.source, site=clip.site, asset=clip.asset, zone=clip.zone,
        alerts=clip.alerts, why="over",
    )  # fmt: skip
    with database.writing() as connection:
        connection.execute(delete(schema.artifact).where(schema.artifact.c.owner == clip.id))
        values = {"at": micros(now), "seen": micros(now), "kind": MISSING, "body": encode_event(over).decode()}
        connection.execute(update(schema.event).where(schema.event.c.id == clip.id).values(values))
