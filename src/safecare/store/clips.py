"""Clips around alerts: which there are, the seal of those with clear heads, and the end of what has had its time.

A clear copy is sealed with a key of its own (AES-256 in GCM, NIST SP 800-38D) that stands in the vault: it is changed
with the vault's keys, and gone with the clip.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select

from safecare.model.events import decode_event
from safecare.model.events.video import ClipKept
from safecare.model.ids import AlertId
from safecare.store import schema
from safecare.store.artifacts import Artifacts
from safecare.store.database import Database
from safecare.store.keyring import SealError
from safecare.store.project import count
from safecare.store.vault import CLIP, Vault

NONCE = 12
"""Bytes of the number used once (SP 800-38D, 8.2)."""
KIND = "clip.kept"


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


def sweep(database: Database, artifacts: Artifacts, now: datetime, needed: Collection[str]) -> int:
    """Delete the clips whose time is over and that no alert of `needed` rests on; return how many. Blocking.

    The key of a clear copy goes first: without it the copy is noise, whatever becomes of its file.
    """
    gone = [one for one in clips(database) if one.until <= now and frozenset(needed).isdisjoint(one.alerts)]
    for clip in gone:
        with database.writing() as connection:
            connection.execute(delete(schema.sealed).where(schema.sealed.c.name == clip.key))
        for hash in (clip.artifact, clip.clear):
            if hash:
                artifacts.delete(hash)
        with database.writing() as connection:
            connection.execute(delete(schema.artifact).where(schema.artifact.c.owner == clip.id))
            lost = connection.execute(delete(schema.event).where(schema.event.c.id == clip.id)).rowcount
            count(connection, schema.event, -lost)
    return len(gone)
