"""Secrets that the platform must be able to read again, sealed with a key that is not in the database.

Keys of authenticator apps, secrets of phones, passwords of channels: whoever copies the database reads none of them
without the key file (mode 0600). It lies beside the database until the site puts it elsewhere: only then does a copy of
the data folder open nothing. Each secret is bound to its place, so that no row can be put in another's place.

Source: Fernet (https://github.com/fernet/spec/blob/master/Spec.md): AES-128-CBC with HMAC-SHA-256.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from safecare.exchange.disk import sync_folder, write_private

MARK = b"sealed:"
"""First bytes of everything that is sealed: no raw key begins so, and no address or password of a channel."""


class SealError(ValueError):
    """A secret can't be opened: its key is gone, or it is not what was sealed for this place."""


class Keyring:
    """Seals with the first key in the file `path` (one a line), opens with any of them.

    The file is made at first use, and looked at again when it has changed: several processes share it.
    """

    def __init__(self, path: Path, *, make: bool = True) -> None:
        """Take the path of the key file; unless `make`, it must be there: a fresh one would open nothing."""
        self._path = path
        self._may_make = make
        self._seen: tuple[int, int, int] | None = None
        self._keys: MultiFernet

    @classmethod
    def chosen(cls, setting: str, beside: Path) -> Keyring:
        """Return the ring of the file that `setting` names; empty: `beside` the database, made at first use.

        Variables of the environment are filled in (``$CREDENTIALS_DIRECTORY``); a relative path starts at the folder of
        `beside`.
        """
        if not setting:
            return cls(beside)
        return cls(beside.parent / os.path.expandvars(setting), make=False)

    @property
    def path(self) -> Path:
        """Where the key file is."""
        return self._path

    def fault(self) -> str:
        """Return why nothing can be sealed or opened now; empty: it can."""
        try:
            self._now()
        except SealError as error:
            return str(error)
        except OSError as error:
            return f"{self._path}: {error.strerror or error}"
        return ""

    def copy(self, to: Path) -> None:
        """Write the keys into the new file `to`, for its owner alone. Raises `OSError`, `SealError`."""
        self._now()
        aside = _aside(to, self._lines())
        try:
            os.link(aside, to)
        finally:
            aside.unlink()
        sync_folder(to.parent)

    def seal(self, place: str, raw: bytes) -> bytes:
        """Return `raw` sealed for `place`. Raises `OSError`, `SealError`.

        Called inside of a transaction that writes, so that `Vault.rotate` comes before or after it, never between.
        """
        return MARK + self._now().encrypt(place.encode() + b"\0" + raw)

    def open(self, place: str, sealed: bytes) -> bytes:
        """Return what was sealed for `place`. Raises `SealError`, `OSError`."""
        if not sealed.startswith(MARK):
            raise SealError(f"{place}: not sealed")
        try:
            whole = self._now().decrypt(sealed[len(MARK) :])
        except InvalidToken:
            raise SealError(f"{place}: none of the keys in {self._path} opens it") from None
        written, _, raw = whole.partition(b"\0")
        if written != place.encode():
            raise SealError(f"{place}: sealed for another place")
        return raw

    def add_key(self) -> None:
        """Put a fresh key first; older ones still open. Raises `OSError`, `SealError`."""
        self._write([Fernet.generate_key(), *self._lines()])

    def drop_old(self) -> None:
        """Forget all keys but the first: whatever they have sealed can't be opened any more. Raises `OSError`."""
        self._write(self._lines()[:1])

    def _now(self) -> MultiFernet:
        while True:
            try:
                stat = self._path.stat()
            except FileNotFoundError:
                if not self._may_make:
                    raise SealError(f"the key file {self._path} is not there") from None
                self._make()
                continue
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen != self._seen:
                self._keys = _ring(self._lines(), self._path)
                self._seen = seen
            return self._keys

    def _lines(self) -> list[bytes]:
        return self._path.read_bytes().split() if self._path.exists() else []

    def _make(self) -> None:
        """Make the first key, whole before it has its name; whoever comes first has made it."""
        aside = _aside(self._path, [Fernet.generate_key()])
        try:
            os.link(aside, self._path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
        sync_folder(self._path.parent)

    def _write(self, keys: list[bytes]) -> None:
        _ring(keys, self._path)
        _aside(self._path, keys).replace(self._path)
        sync_folder(self._path.parent)


def _aside(path: Path, keys: list[bytes]) -> Path:
    """Write `keys` into a fresh file beside `path`, and return it."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_private(aside, b"".join(key + b"\n" for key in keys))
    return aside


def _ring(keys: list[bytes], path: Path) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise SealError(f"{path} holds no key, or something that is none") from error
