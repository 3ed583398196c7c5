"""What the platform sees of itself."""

from __future__ import annotations

from datetime import datetime

from safecare.model.event import Event


class CertificateSeen(Event, frozen=True, kw_only=True, tag="certificate.seen"):
    """The certificate by which `door` speaks TLS: until when it holds, and why its files can't be used (empty: can)."""

    door: str
    ends: datetime | None = None
    begins: datetime | None = None
    wrong: str = ""
