"""Events that an access-control or alarm system posts as JSON (or CSV): answered 202 only after they are stored.

Rows that can't be read are stored as rejects, and counted in the answer; they do not hold up the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from safecare.model.event import Event
from safecare.sources.access.rows import Rows, mapping_of
from safecare.sources.api import Intake, source
from safecare.sources.posted import PostDoor

BODY_MB = 32.0
"""Largest request, MB (as the platform's limit for HTTP)."""


@source("access-webhook")
@dataclass
class AccessWebhook(PostDoor):
    """Listens for HTTP POST.

    `mapping`: a file (relative to the data folder), or the name of one that comes with the platform. `token`: what
    senders show, or `token_file`: where it stands (made where there is none); `key`: what they sign the body with, in
    the header `signature`; at least one is needed, and each that is given must be met. `port` 0 takes a free one, told
    by `address` once `started` is set. `message_mb`: largest request, MB.

    `certificate`, `certificate_key`: PEM files for HTTPS (TLS 1.2 or newer); without them it is plain HTTP. `clients`:
    PEM file of the authority by which senders must show a certificate too. `system`: asset id of what posts, which is
    then told as silent when it posts nothing for long; `every`: seconds within which it posts something, as agreed.
    """

    mapping: str = "generic-json"
    port: int = 8093
    message_mb: float = BODY_MB
    data: Path = Path()

    def __post_init__(self) -> None:
        """Read the mapping. Raises `ValueError` for one that can't be used, and where nobody must show who they are."""
        self._rows = Rows(mapping_of(self.mapping, self.data), self.door)
        self.listens(int(self.message_mb * 1_000_000), self._rows.read)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a rejected row again. Raises `UnreadableError`."""
        return self._rows.one(raw, context, intake)
