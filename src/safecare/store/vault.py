"""The sealed passwords and tokens of channels, and the change of the key that seals everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, select, update

from safecare.model.clock import Clock
from safecare.store.database import Database, insert
from safecare.store.keyring import MARK, Keyring
from safecare.store.schema import credential, device, micros, sealed

CLIP = "clip:"
"""First letters of the names of clips' own secrets; no person sets or lists them."""
REFERENCE = "key:"
"""First letters of a setting that stands for a sealed secret: ``password = "key:mail"``."""


class UnknownKeyError(LookupError):
    """A setting names a secret that nobody has set."""


class Vault:
    """Secrets by name in `database`, sealed by `keyring`; every time comes from `clock`."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        """Take database and keys."""
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def names(self) -> list[str]:
        """Return the names of all secrets that people have set."""
        query = select(sealed.c.name).where(sealed.c.name.not_like(f"{CLIP}%")).order_by(sealed.c.name)
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def put(self, name: str, secret: str) -> None:
        """Keep `secret` under `name`, in place of an older one."""
        with self._database.writing() as connection:
            fresh = {"secret": self._keyring.seal(_key(name), secret.encode()), "at": micros(self._clock.now())}
            statement = insert(connection, sealed).values(name=name, **fresh)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=fresh))

    def get(self, name: str) -> str:
        """Return a secret. Raises `UnknownKeyError`, `SealError`."""
        with self._database.reading() as connection:
            found = connection.scalar(select(sealed.c.secret).where(sealed.c.name == name))
        if found is None:
            raise UnknownKeyError(f"no key is called {name}: set it with `safecare keys set {name}`")
        return self._keyring.open(_key(name), bytes(found)).decode()

    def remove(self, name: str) -> bool:
        """Forget a secret; return whether it was there."""
        with self._database.writing() as connection:
            return connection.execute(delete(sealed).where(sealed.c.name == name)).rowcount == 1

    def filled(self, value: Any) -> Any:
        """Return a table of settings with all secrets that it refers to. Raises `UnknownKeyError`, `SealError`."""
        if isinstance(value, str):
            return self.get(value.removeprefix(REFERENCE)) if value.startswith(REFERENCE) else value
        if isinstance(value, Mapping):
            return {name: self.filled(one) for name, one in value.items()}
        return [self.filled(one) for one in value] if isinstance(value, list | tuple) else value

    def seal_old(self) -> int:
        """Seal what an older version has kept openly; return how many secrets that were."""
        with self._database.writing() as connection:
            return self._again(connection, lambda place, raw: None if raw.startswith(MARK) else raw)

    def rotate(self) -> int:
        """Seal everything with a fresh key and forget the older ones; return how many secrets that were.

        Raises `SealError` when something can't be opened: then nothing is changed, and the older keys stay.
        """
        self._keyring.add_key()
        with self._database.writing() as connection:
            count = self._again(connection, self._keyring.open)
        self._keyring.drop_old()
        return count

    def _again(self, connection: Connection, opened: Callable[[str, bytes], bytes | None]) -> int:
        """Seal anew what `opened` (place, bytes) gives; None: leave it."""
        count = 0
        totp = select(credential.c.id, credential.c.user, credential.c.secret).where(credential.c.kind == "totp")
        for id, user, secret in connection.execute(totp).all():
            place = totp_place(user)
            raw = opened(place, bytes(secret))
            if raw is not None:
                fresh = self._keyring.seal(place, raw)
                connection.execute(update(credential).where(credential.c.id == id).values(secret=fresh))
                count += 1
        for id, endpoint, auth in connection.execute(select(device.c.id, device.c.endpoint, device.c.auth)).all():
            place = phone_place(endpoint)
            raw = opened(place, auth.encode())
            if raw is not None:
                fresh = self._keyring.seal(place, raw)
                connection.execute(update(device).where(device.c.id == id).values(auth=fresh.decode()))
                count += 1
        for name, secret in connection.execute(select(sealed.c.name, sealed.c.secret)).all():
            raw = opened(_key(name), bytes(secret))
            if raw is not None:
                fresh = self._keyring.seal(_key(name), raw)
                connection.execute(update(sealed).where(sealed.c.name == name).values(secret=fresh))
                count += 1
        return count


def totp_place(user: str) -> str:
    """Return the place of the key of a user's authenticator app."""
    return f"totp:{user}"


def phone_place(endpoint: str) -> str:
    """Return the place of the secret of the phone that is reached by `endpoint`."""
    return f"phone:{endpoint}"


def _key(name: str) -> str:
    return f"key:{name}"
