"""Ways to sign in again without a fresh link: passkeys, one-time codes (TOTP), and backup codes for the crisis."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
import structlog
from sqlalchemy import Select, and_, delete, insert, or_, select, update

from safecare.model.clock import Clock
from safecare.model.ids import new_id
from safecare.store.database import Database
from safecare.store.keyring import Keyring, SealError
from safecare.store.schema import credential, micros, moment, user
from safecare.store.vault import totp_place

Kind = Literal["passkey", "totp", "backup"]
BACKUP_CODES = 10
"""Codes of one set (chosen: as many as the large providers give)."""
BACKUP_BYTES = 10
"""Random bytes of a backup code: 80 bits, far beyond guessing; written as 16 letters and digits."""


class Credential(msgspec.Struct, frozen=True):
    """One way. `secret`: public key (passkey), shared key (TOTP), or hash (backup code)."""

    id: str
    user: str
    kind: Kind
    name: str
    secret: bytes
    counter: int
    """Passkey: its own count of uses. TOTP: failures in a row."""
    created: datetime
    used: datetime | None


class Credentials:
    """The credentials in `database`, shared keys sealed by `keyring`; every time comes from `clock`.

    A key that can't be opened any more is no way to sign in: it is left out, and the program's messages say so.
    """

    def __init__(self, database: Database, clock: Clock, keyring: Keyring) -> None:
        """Take the database."""
        self._keyring = keyring
        self._database = database
        self._clock = clock

    def of(self, owner: str) -> list[Credential]:
        """Return all ways of `owner`, oldest first."""
        query = select(credential).where(credential.c.user == owner).order_by(credential.c.created, credential.c.id)
        return self._all(query)

    def ways(self) -> dict[str, list[str]]:
        """Return the kinds that each user has, unused backup codes only."""
        unused = (credential.c.kind != "backup") | credential.c.used.is_(None)
        query = select(credential.c.user, credential.c.kind).where(unused).distinct().order_by(credential.c.kind)
        found: dict[str, list[str]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                found.setdefault(row[0], []).append(row[1])
        return found

    def find(self, id: str) -> Credential | None:
        """Return one credential of a person who still has access, or None."""
        query = select(credential).join(user, user.c.id == credential.c.user)
        query = query.where(credential.c.id == id, user.c.revoked.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return self._credential(row) if row else None

    def named(self, name: str, kind: Kind) -> list[Credential]:
        """Return the credentials of `kind` of people called `name` who still have access."""
        query = select(credential).join(user, user.c.id == credential.c.user)
        return self._all(query.where(user.c.name == name, credential.c.kind == kind, user.c.revoked.is_(None)))

    def add(self, owner: str, kind: Kind, name: str, secret: bytes, *, id: str = "", counter: int = 0) -> str:
        """Keep a way of `owner` and return its id. A second TOTP key takes the place of the first."""
        now = self._clock.now()
        id = id or new_id(now)
        row = {"id": id, "user": owner, "kind": kind, "name": name, "counter": counter}
        with self._database.writing() as connection:
            if kind == "totp":
                secret = self._keyring.seal(totp_place(owner), secret)
                mine = and_(credential.c.user == owner, credential.c.kind == "totp")
                connection.execute(delete(credential).where(mine))
            connection.execute(insert(credential).values(**row, secret=secret, created=micros(now)))
        return id

    def use(self, id: str, counter: int, at: datetime | None = None) -> None:
        """Note that a way was used at `at` (now, if not given)."""
        with self._database.writing() as connection:
            values = {"counter": counter, "used": micros(at or self._clock.now())}
            connection.execute(update(credential).where(credential.c.id == id).values(**values))

    def attempt(self, id: str, limit: int) -> bool:
        """Count a try of a TOTP key before it is judged; False when `limit` tries in a row were wrong already.

        Counted first, so that guesses that come at the same time are no more than those that come one by one.
        """
        mine = and_(credential.c.id == id, credential.c.counter < limit)
        with self._database.writing() as connection:
            more = update(credential).where(mine).values(counter=credential.c.counter + 1)
            return connection.execute(more).rowcount == 1

    def forgive(self, id: str) -> None:
        """Take a try back that was not meant for this key: somebody of the same name has signed in."""
        with self._database.writing() as connection:
            less = update(credential).where(credential.c.id == id, credential.c.counter > 0)
            connection.execute(less.values(counter=credential.c.counter - 1))

    def spend(self, id: str, step: datetime) -> bool:
        """Use the code of time `step` of a TOTP key up; of several at once, one gets it (RFC 6238, 5.2)."""
        unused = or_(credential.c.used.is_(None), credential.c.used < micros(step))
        with self._database.writing() as connection:
            mine = update(credential).where(credential.c.id == id, unused).values(counter=0, used=micros(step))
            return connection.execute(mine).rowcount == 1

    def reset(self, id: str) -> None:
        """Set the failures of a TOTP key back."""
        with self._database.writing() as connection:
            connection.execute(update(credential).where(credential.c.id == id).values(counter=0))

    def remove(self, id: str, owner: str) -> bool:
        """Forget a way of `owner`; return whether it was there."""
        with self._database.writing() as connection:
            mine = and_(credential.c.id == id, credential.c.user == owner)
            return connection.execute(delete(credential).where(mine)).rowcount == 1

    def make_backup_codes(self, owner: str) -> list[str]:
        """Return a fresh set of codes in place of the old one. Only their hashes are kept."""
        now = self._clock.now()
        codes = [_written(secrets.token_bytes(BACKUP_BYTES)) for _ in range(BACKUP_CODES)]
        rows = [
            {
                "id": new_id(now),
                "user": owner,
                "kind": "backup",
                "name": "",
                "secret": _digest(code),
                "counter": 0,
                "created": micros(now),
            }
            for code in codes
        ]
        with self._database.writing() as connection:
            mine = and_(credential.c.user == owner, credential.c.kind == "backup")
            connection.execute(delete(credential).where(mine))
            connection.execute(insert(credential), rows)
        return codes

    def spend_backup_code(self, code: str) -> str | None:
        """Use a code up and return whose it is, or None. Of several at once, one gets it."""
        fresh = and_(credential.c.kind == "backup", credential.c.secret == _digest(code), credential.c.used.is_(None))
        with self._database.writing() as connection:
            whose = connection.scalar(select(credential.c.user).where(fresh))
            taken = connection.execute(update(credential).where(fresh).values(used=micros(self._clock.now())))
            return whose if taken.rowcount == 1 else None

    def _all(self, query: Select[Any]) -> list[Credential]:
        with self._database.reading() as connection:
            found = [self._credential(row) for row in connection.execute(query).mappings()]
        return [one for one in found if one is not None]

    def _credential(self, row: Mapping[Any, Any]) -> Credential | None:
        """Return a row with its secret opened; None where that can't be."""
        secret, used = bytes(row["secret"]), row["used"]
        if row["kind"] == "totp":
            try:
                secret = self._keyring.open(totp_place(row["user"]), secret)
            except (SealError, OSError) as error:
                structlog.get_logger(__name__).warning("a key for one-time codes can't be opened", reason=str(error))
                return None
        return Credential(
            row["id"],
            row["user"],
            row["kind"],
            row["name"],
            secret,
            row["counter"],
            moment(row["created"]),
            None if used is None else moment(used),
        )


def _written(raw: bytes) -> str:
    """Return a code as people read it: four groups of four signs (base 32, RFC 4648: no 0, 1, 8 and 9)."""
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _digest(code: str) -> bytes:
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(plain.encode()).digest()
