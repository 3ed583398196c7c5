"""Pictures, clips and voice notes of the artifact store, for those to whom a page shows what they belong to.

What a name (SHA-256) opens is asked of its owners, each time and for everybody: a name may have been passed on, and the
store holds mails and medical images beside them. A picture of a mail is no still, a still without an alert stands on
the page of the cameras' zones alone, a photo stands with its report, and a guard has the pictures of their notices.
"""

from __future__ import annotations

from typing import Literal

from safecare.console.deps import ConsoleDeps
from safecare.console.rights import Visitor, here, may, may_read_notice, may_see
from safecare.console.web import not_found
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.acts import Reported
from safecare.model.events.video import ClipKept, PeopleSeen, SpotsSeen, ThingsSeen
from safecare.model.ids import ArtifactHash

Kind = Literal["still", "clip", "voice"]
"""What an address gives."""
HASH = 64
"""Letters of a SHA-256 in hexadecimal."""


def kept(deps: ConsoleDeps, visitor: Visitor, hash: str, kind: Kind) -> bytes:
    """Return the `kind` that is kept under `hash`. Blocking.

    Raises `ProblemError` 404 for what is not there, and for what is no `kind` of something that `visitor` may see.
    """
    if len(hash) != HASH or not set(hash) <= set("0123456789abcdef"):
        raise not_found()
    name = ArtifactHash(hash)
    if not any(_shown(deps, visitor, one, name, kind) for one in deps.reader.owners(name)):
        raise not_found()
    try:
        return deps.artifacts.read(name)
    except (ValueError, OSError):
        raise not_found() from None


def _shown(deps: ConsoleDeps, visitor: Visitor, owner: Event | Alert, hash: ArtifactHash, kind: Kind) -> bool:
    """Tell whether a page shows `visitor` the `kind` called `hash` of `owner`."""
    match owner:
        case Alert():
            return kind == "still" and owner.still == hash and _shows_alert(deps, visitor, owner, hash)
        case PeopleSeen() | ThingsSeen() | SpotsSeen():
            return kind == "still" and owner.still == hash and may(visitor, "zones") and here(visitor, owner)
        case ClipKept():
            return kind == "clip" and owner.artifact == hash and may(visitor, "incident") and here(visitor, owner)
        case Reported():
            given = {"still": owner.picture, "voice": owner.voice}.get(kind)
            return given == hash and may(visitor, "reports") and here(visitor, owner)
        case _:
            return False


def _shows_alert(deps: ConsoleDeps, visitor: Visitor, alert: Alert, hash: ArtifactHash) -> bool:
    """Tell whether `visitor` sees the picture of `alert`: with the alert itself, or in a notice of theirs."""
    if may(visitor, "alerts"):
        return may_see(visitor, alert)
    told = deps.reader.notices_with(hash)
    return any(may_read_notice(visitor, one.role, one.user, one.site, one.zone) for one in told)
