"""TLS of doors, from PEM files that may be renewed: the next connection speaks by what stands in them then.

Nothing polls and nothing is restarted: the files' dates are looked at with each handshake. Files that can't be used
(one of the two is written, the other not yet) leave what was there before; they are tried again once they change.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

Stamp = tuple[tuple[int, int, int] | None, ...]
"""What tells that files have changed: of each its number, time (ns) and size; None: it is not there."""


class Renewed:
    """TLS by `files`, as `make` reads them (it raises `OSError`): calling it gives that of now. For any thread."""

    def __init__(self, make: Callable[[], ssl.SSLContext], files: Iterable[Path | None]) -> None:
        """Read the files. Raises `OSError` for what can't be used."""
        self._make = make
        self._files = [file for file in files if file]
        self._lock = threading.Lock()
        self._stamp = self._look()
        self._context = make()

    def __call__(self) -> ssl.SSLContext:
        """Return TLS by the files as they are now, or as they last could be used."""
        with self._lock:
            if (stamp := self._look()) != self._stamp:
                self._stamp = stamp
                try:
                    self._context = self._make()
                except OSError as error:
                    structlog.get_logger().warning("renewed certificate can't be used", reason=str(error))
            return self._context

    def _look(self) -> Stamp:
        return tuple(map(_stamp, self._files))


def server_tls(
    certificate: Path | None, key: Path | None = None, authority: Path | None = None
) -> ssl.SSLContext | None:
    """Return TLS of a server from PEM files, None without a certificate; `authority` asks clients for one of its own.

    `key` None: it stands in the file of the certificate. What the files say when a client connects counts. Raises
    `OSError` (naming the file) for what can't be used.
    """
    if certificate is None:
        if key or authority:
            raise OSError("TLS needs the setting certificate")
        return None

    def make() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _own(context, certificate, key)
        if authority:
            try:
                context.load_verify_locations(authority)
            except OSError as error:
                raise OSError(f"authority {authority}: {error.strerror or error}") from error
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    renewed = Renewed(make, (certificate, key, authority))

    def greeted(connection: ssl.SSLObject, _name: str, _first: ssl.SSLContext) -> None:
        """Speak by the files of now: called for each client's first message, whether it names a server or not."""
        connection.context = renewed()

    first = make()  # not one that `renewed` gives: a context whose callback refers to itself is never freed
    first.sni_callback = greeted
    return first


def client_tls(authority: Path | None, certificate: Path | None = None, key: Path | None = None) -> Renewed | None:
    """Return TLS to a server whose certificate is of `authority` (PEM), None without one; `certificate`: our own.

    `key` None: it stands in the file of the certificate. Raises `OSError` (naming the file) for what can't be used.
    """
    if authority is None:
        if certificate or key:
            raise OSError("TLS onward needs the setting forward_authority")
        return None

    def make() -> ssl.SSLContext:
        context = trusting(authority)
        if certificate:
            _own(context, certificate, key)
        return context

    return Renewed(make, (authority, certificate, key))


def trusting(authority: Path | None) -> ssl.SSLContext:
    """Return TLS to a server whose certificate is of `authority` (PEM; None: the system's). Raises `OSError`."""
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise OSError(f"authority {authority}: {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _own(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    try:
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        raise OSError(f"certificate {certificate}, key {key or certificate}: {error.strerror or error}") from error


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
