"""Acts that are done on the machine itself, by whoever may run commands there: recorded like all others."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Literal

from safecare.app.files import demo_hospital, hospital_of
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.model.clock import SystemClock
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.events.acts import SignedIn
from safecare.settings import load
from safecare.store.folder import DataFolder


def record(folder: DataFolder, change: Literal["invited", "token", "revoked"], detail: str) -> None:
    """Put the act on the log of `folder`, in the name of the system's user. Raises `LogFullError`."""
    settings = load(folder.path)
    site = hospital_of(Path(settings.hospital) if settings.hospital else demo_hospital()).hospital.sites[0]
    now, actor = SystemClock().now(), f"local:{getpass.getuser()}"
    act = SignedIn(
        id=Event.id_for(now, "cli", f"{change}\x1f{detail}"),
        at=now,
        seen=now,
        source="cli",
        site=site.id,
        actor=actor,
        role="admin",
        change=change,
        detail=detail,
    )
    log = SqliteLog(folder.log)
    log.append([Entry("event", (encode_event(act),))], reserve=False)
    log.close()
