"""Looks at the certificates of the site's doors now and then: how each is stands on the health page, and is an event.

A door goes on with the certificate it had when what its files were renewed with can't be used (`sources.tls`). That
must not be found out on the day it ends: the rule `certificate.ending` tells it before.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from safecare.app.health import Doors
from safecare.exchange.log import LogFullError
from safecare.model.event import Event
from safecare.model.events.platform import CertificateSeen
from safecare.sources.api import Intake

EVERY = 600.0
"""Seconds between two looks (chosen: files are renewed once in weeks)."""
LARGEST = 1 << 20
"""Largest certificate file, bytes (chosen: a chain has some kB)."""


@dataclass(frozen=True)
class Papers:
    """The files of a door's certificate; `key` None: it stands in the same file."""

    certificate: Path
    key: Path | None = None


@dataclass
class Certificates:
    """Looks at the papers of `doors`, as they are built now."""

    doors: Callable[[], Mapping[str, Papers]]
    states: Doors
    intake: Callable[[], Intake]

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Look once at each door's papers."""
        intake = self.intake()
        now = intake.clock.now()
        events: list[Event] = []
        for door, papers in self.doors().items():
            seen = await asyncio.to_thread(read, papers)
            self.states.report(f"{door}/certificate", *_state(seen, now))
            if intake.hospital.sites:
                id = Event.id_for(now, "certificates", door)
                site = intake.hospital.sites[0].id
                begins, ends, wrong = seen
                events.append(
                    CertificateSeen(
                        id=id, at=now, seen=now, source="certificates", site=site, door=door,
                        begins=begins, ends=ends, wrong=wrong,
                    )
                )  # fmt: skip
        try:
            await intake.publish(events)
        except LogFullError:
            return  # the disk is full, which is told already; the next look tells this


Seen = tuple[datetime | None, datetime | None, str]
"""From when and until when a certificate holds, and why it can't be used."""


def read(papers: Papers) -> Seen:
    """Return until when the first certificate of `papers` holds, and why a server could not speak by them."""
    try:
        with papers.certificate.open("rb") as file:
            raw = file.read(LARGEST)
        first = x509.load_pem_x509_certificates(raw)[0]
        begins, ends = first.not_valid_before_utc, first.not_valid_after_utc
    except (OSError, ValueError, IndexError) as error:
        return None, None, f"{papers.certificate}: {getattr(error, 'strerror', None) or error}"[:200]
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(papers.certificate, papers.key, password="")
    except OSError as error:
        return begins, ends, f"{papers.key or papers.certificate}: {error.strerror or error}"[:200]
    return begins, ends, ""


def _state(seen: Seen, now: datetime) -> tuple[str, str]:
    _, ends, wrong = seen
    until = f"until {ends:%Y-%m-%d %H:%M} UTC" if ends else ""
    if wrong:
        return "failed", f"what it was renewed with can't be used: {wrong}"
    return ("failed", f"ended, it was good {until}") if ends and ends <= now else ("ok", until)
