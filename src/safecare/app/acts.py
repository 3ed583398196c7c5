"""Acts that are done on the machine itself, by whoever may run commands there: recorded like all others."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any, Literal

from safecare.app.files import demo_hospital, hospital_of
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.model.clock import SystemClock
from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.events.acts import Act, SignedIn
from safecare.model.ids import SiteId
from safecare.settings import load
from safecare.store.folder import DataFolder
from safecare.store.held import Decided, Held, decide


def record(folder: DataFolder, change: Literal["invited", "token", "revoked"], detail: str) -> None:
    """Put the act on the log of `folder`, in the name of the system's user. Raises `LogFullError`."""
    settings = load(folder.path)
    site = hospital_of(Path(settings.hospital) if settings.hospital else demo_hospital()).hospital.sites[0]
    _append(folder, SignedIn(**_stamp(f"{change}\x1f{detail}", site.id), change=change, detail=detail))


def record_held(folder: DataFolder, of: Held, decision: Decided, reason: str) -> None:
    """Put the decision on a held file on the log of `folder`, as `record` does. Raises `LogFullError`."""
    stamp = _stamp(f"{decision}\x1f{of.key}", of.file.site)
    _append(folder, decide(of, decision, reason, stamp), of.key)


def _stamp(ref: str, site: SiteId) -> dict[str, Any]:
    now, actor = SystemClock().now(), f"local:{getpass.getuser()}"
    id = Event.id_for(now, "cli", ref)
    return {"id": id, "at": now, "seen": now, "source": "cli", "site": site, "actor": actor, "role": "admin"}


def _append(folder: DataFolder, act: Act, key: str | None = None) -> None:
    log = SqliteLog(folder.log)
    try:
        log.append([Entry("event", (encode_event(act),), key and f"{key}:event")], reserve=False)
    finally:
        log.close()
