"""Where images go on to, and what an association may take: settings of the node, without the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from safecare.sources.tls import Renewed


class Bounds(NamedTuple):
    """Associations of one host at a time, largest image (bytes), seconds after which a silent peer is let go."""

    associations: int
    image: int
    quiet: float


@dataclass(frozen=True)
class Target:
    """Where images go on to: ``TITLE@host:port``."""

    title: str
    host: str
    port: int
    tls: Renewed | None = None
    """How to speak TLS with it; None: not at all."""

    @classmethod
    def read(cls, text: str) -> Target:
        """Return the target. Raises `ValueError`."""
        title, at, address = text.partition("@")
        host, colon, port = address.rpartition(":")
        if not (title and at and host and colon and port.isdigit() and len(title) <= 16):
            raise ValueError(f"not a target like ARCHIVE@10.0.0.5:104: {text}")
        return cls(title, host.strip("[]"), int(port))
