"""Phones and browsers that take push messages (W3C Push API), and whether the last check was answered.

A subscription's address and keys let anyone disturb that phone, and read nothing; they never leave this table, and
the secret among them is sealed there.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import and_, delete, func, select, update

from safecare.model.clock import Clock
from safecare.model.ids import new_id
from safecare.store.database import Database, insert
from safecare.store.keyring import Keyring, SealError
from safecare.store.schema import device, micros, moment, user
from safecare.store.vault import phone_place

MOST = 10
"""Devices of one person (chosen: a phone, a desk and what was forgotten; the oldest make room)."""
PROOF_BYTES = 16
"""Random bytes that a phone sends back: 128 bits, so that nobody answers in its place."""


class Device(msgspec.Struct, frozen=True):
    """One subscription. `asked` and `heard`: when the last check was sent, and when it was answered."""

    id: str
    user: str
    name: str
    language: str
    endpoint: str
    key: str
    """Public key of the browser, base64url (RFC 8291, 2.1)."""
    auth: str
    created: datetime
    asked: datetime | None = None
    heard: datetime | None = None
    places: tuple[str, ...] = ()
    """Zones, storeys and buildings that its owner is kept to; none: all of the site."""
    gone: datetime | None = None
    """When the push service said that the subscription is no more."""


class Devices:
    """The devices in `database`, their secrets sealed by `keyring`; every time comes from `clock`."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring) -> None:
        """Take the database."""
        self._keyring = keyring
        self._database = database
        self._clock = clock

    def add(self, owner: str, name: str, language: str, endpoint: str, key: str, auth: str) -> str:
        """Keep a subscription of user `owner` and return its id; the same address again takes its new keys."""
        now = self._clock.now()
        fresh = {
            "id": new_id(now),
            "user": owner,
            "name": name,
            "language": language,
            "endpoint": endpoint,
            "key": key,
            "created": micros(now),
        }
        changed = {name: fresh[name] for name in ("user", "name", "language", "key")} | {"gone": None}
        with self._database.writing() as connection:
            fresh["auth"] = changed["auth"] = self._keyring.seal(phone_place(endpoint), auth.encode()).decode()
            statement = insert(connection, device).values(**fresh)
            connection.execute(statement.on_conflict_do_update(index_elements=["endpoint"], set_=changed))
            mine = select(device.c.id).where(device.c.user == owner).order_by(device.c.created.desc())
            ids = list(connection.scalars(mine))
            connection.execute(delete(device).where(device.c.id.in_(ids[MOST:])))
            found = select(device.c.id).where(device.c.endpoint == endpoint)
            return str(connection.scalar(found))

    def of(self, owner: str | None = None) -> list[Device]:
        """Return the devices of `owner`, or all of people who may still sign in, oldest first."""
        query = select(device).join(user, user.c.id == device.c.user).where(user.c.revoked.is_(None))
        if owner is not None:
            query = query.where(device.c.user == owner)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(device.c.created, device.c.id)).mappings()
            return [self._device(row) for row in rows]

    def reachable(self, role: str, site: str, owner: str = "") -> list[Device]:
        """Return the living devices of `owner`, or else of all who have `role` at `site`."""
        whom = user.c.id == owner if owner else and_(user.c.role == role, func.coalesce(user.c.site, site) == site)
        query = (
            select(device, user.c.zones).join(user, user.c.id == device.c.user).where(whom, user.c.revoked.is_(None))
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.where(device.c.gone.is_(None)).order_by(device.c.id)).mappings()
            return [self._device(row) for row in rows]

    def roles(self, site: str) -> set[str]:
        """Return the roles at `site` of which somebody has a living device."""
        query = select(user.c.role).join(device, device.c.user == user.c.id)
        living = query.where(
            device.c.gone.is_(None), user.c.revoked.is_(None), func.coalesce(user.c.site, site) == site
        )
        with self._database.reading() as connection:
            return set(connection.scalars(living.distinct()))

    def remove(self, id: str, owner: str | None = None) -> bool:
        """Forget a device (of `owner`, if given); return whether it was there."""
        mine = device.c.id == id if owner is None else and_(device.c.id == id, device.c.user == owner)
        with self._database.writing() as connection:
            return connection.execute(delete(device).where(mine)).rowcount == 1

    def lost(self, id: str) -> None:
        """Note that the push service does not know the device any more."""
        with self._database.writing() as connection:
            gone = device.c.id == id, device.c.gone.is_(None)
            connection.execute(update(device).where(*gone).values(gone=micros(self._clock.now())))

    def ask(self, id: str) -> str:
        """Begin a check of a device: return what it must send back, and note when it was asked."""
        proof = secrets.token_urlsafe(PROOF_BYTES)
        with self._database.writing() as connection:
            values = {"proof": _hash(proof), "asked": micros(self._clock.now())}
            connection.execute(update(device).where(device.c.id == id).values(**values))
        return proof

    def hear(self, proof: str) -> bool:
        """Take the answer of a device to its last check; return whether it was asked for that."""
        with self._database.writing() as connection:
            asked = device.c.proof == _hash(proof)
            heard = update(device).where(asked).values(heard=micros(self._clock.now()), gone=None)
            return connection.execute(heard).rowcount == 1

    def _device(self, row: Mapping[Any, Any]) -> Device:
        """Return a row with its secret opened; without one, no message can be made for it, and that is told."""

        def at(name: str) -> datetime | None:
            return None if row[name] is None else moment(row[name])

        try:
            auth = self._keyring.open(phone_place(row["endpoint"]), row["auth"].encode()).decode()
        except (SealError, OSError) as error:
            structlog.get_logger(__name__).warning("a phone's secret can't be opened", reason=str(error))
            auth = ""
        return Device(
            id=row["id"],
            user=row["user"],
            name=row["name"],
            language=row["language"],
            endpoint=row["endpoint"],
            key=row["key"],
            auth=auth,
            created=moment(row["created"]),
            asked=at("asked"),
            heard=at("heard"),
            gone=at("gone"),
            places=tuple(msgspec.json.decode(row.get("zones") or "[]")),
        )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
