"""Taking over mails that lie in a mailbox, which is never changed: kept and told as those that come by SMTP."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from safecare.sources.api import Intake
from safecare.sources.mail.door import received, recipients

MEDIA = "message/rfc822"


async def collect(raw: bytes, intake: Intake, *, door: str, place: str, owner: str, at: datetime) -> None:
    """Keep the mail `raw` that came to the mailbox of `owner` (mail address, or empty) at `at`, and tell of it.

    `place` is the server or folder it lies in. The same bytes are told of once. Raises `LogFullError`.
    """
    holders, site = recipients(intake.hospital, [owner] if owner else [])
    artifact = await intake.keep(raw, MEDIA)
    told = received(raw, artifact, place, holders, site, at)
    told = msgspec.structs.replace(told, seen=intake.clock.now())
    await intake.publish([told], key=f"{door}\x1f{hashlib.sha256(raw).hexdigest()}")
