"""ClamAV's daemon as a second engine: its signatures beside our own judgement, where it runs on this machine.

Only ever adds: what it does not know stays as we judged it; where it does not answer, we go on without it and say so.
Source: clamd(8), INSTREAM.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from safecare.examine.api import Finding, Verdict
from safecare.examine.verdict import score, verdict
from safecare.model.finding import Where
from safecare.model.text import say

SOCKET = Path("/run/clamav/clamd.ctl")
"""Where Debian's daemon listens."""
SECONDS = 20.0
"""What it may take for one file, and for all of its parts. Chosen: as one file may take us."""
AGAIN = 30.0
"""Seconds without it after it did not answer. Chosen: a daemon that reads its signatures takes that long."""
CHUNK = 1 << 18
"""Bytes sent at once. Chosen."""
SURE, DOUBTED = 0.9, 0.5
"""Weight of a signature, and of one that ClamAV itself calls a guess or merely unwanted (``Heuristics.``, ``PUA.``)."""
_ANSWER = re.compile(r"stream: (?:(.{1,200}) FOUND|OK)$")
_GUESS = re.compile(r"(?:Heuristics|PUA)\.")


class ClamdError(OSError):
    """The daemon can't be reached, or did not answer as agreed."""


class Clamd:
    """The daemon behind `place`: path of its socket, or ``host:port``. May be used from any thread."""

    def __init__(self, place: str) -> None:
        """Take the place; nothing is asked yet. Raises `ValueError` for a port that is none."""
        host, colon, port = place.rpartition(":")
        self._address: str | tuple[str, int] = (host, int(port)) if colon and "/" not in place else place
        self._until = 0.0
        self.told = ("waiting", f"ClamAV at {place}")
        """State and detail for the health page."""

    def judged(self, raw: bytes, found: Verdict, parts: Iterable[tuple[str, bytes]] = ()) -> Verdict:
        """Return `found` together with what ClamAV knows of `raw` and of `parts` (path, bytes) unpacked from it.

        Once it knows something the rest is not asked.
        """
        if time.monotonic() < self._until:
            return found
        end = time.monotonic() + SECONDS
        for path, one in (("", raw), *parts):
            if path and time.monotonic() > end:
                self.told = ("ok", "ClamAV, second engine; of one file it saw only a part in time")
                return found
            try:
                name = self.scan(one)
            except OSError as error:
                self._until = time.monotonic() + AGAIN
                self.told = ("failed", f"ClamAV: {error}; judged without it")
                return found
            if name:
                self.told = ("ok", "ClamAV, second engine")
                return _known(found, name, path)
        self.told = ("ok", "ClamAV, second engine")
        return found

    def scan(self, raw: bytes) -> str:
        """Return the name of the signature that matches `raw`, empty if none does. Raises `OSError`."""
        family = socket.AF_UNIX if isinstance(self._address, str) else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as link:
            link.settimeout(SECONDS)
            link.connect(self._address)
            link.sendall(b"zINSTREAM\0")
            try:
                for start in range(0, len(raw), CHUNK):
                    block = raw[start : start + CHUNK]
                    link.sendall(struct.pack(">I", len(block)) + block)
                link.sendall(bytes(4))
            except (BrokenPipeError, ConnectionResetError):
                pass  # larger than it takes: it has said so
            answer = link.recv(4096).decode("utf-8", "replace").strip("\0\n ")
        if "size limit exceeded" in answer:
            return ""
        found = _ANSWER.match(answer)
        if found is None:
            raise ClamdError(f"it said {answer[:80]!r}")
        return found[1] or ""


def _known(found: Verdict, name: str, path: str) -> Verdict:
    weight = DOUBTED if _GUESS.match(name) else SURE
    known = Finding(
        "clamav.signature", say("ClamAV knows it as {name}.", name=name), weight, Where(path), kind="clamav"
    )
    findings = (known, *found.findings)
    total = score(findings)
    return msgspec.structs.replace(found, verdict=verdict(total, findings), score=total, findings=findings)


def second_engine(place: str) -> Clamd | None:
    """Return the daemon at `place`; empty: Debian's, if it is there; ``none``: no daemon. Raises `ValueError`."""
    if place == "none" or (not place and not SOCKET.exists()):
        return None
    return Clamd(place or str(SOCKET))
