"""Pictures and voice notes of the artifact store, for those who may see what they belong to."""

from __future__ import annotations

from safecare.console.deps import ConsoleDeps
from safecare.console.rights import Visitor, may_see, within
from safecare.console.web import not_found
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.ids import ArtifactHash

HASH = 64
"""Letters of a SHA-256 in hexadecimal."""


def kept(deps: ConsoleDeps, visitor: Visitor, hash: str) -> bytes:
    """Return what is kept under `hash`. Blocking.

    Raises `ProblemError` 404 for what is not there, and for what belongs to no alert or event that `visitor` may see:
    its name in an address proves nothing, it may have been passed on.
    """
    if len(hash) != HASH or not set(hash) <= set("0123456789abcdef"):
        raise not_found()
    narrow = visitor.site is not None or visitor.scope is not None
    if narrow and not any(_may_see(visitor, one) for one in deps.reader.owners(ArtifactHash(hash))):
        raise not_found()
    try:
        return deps.artifacts.read(ArtifactHash(hash))
    except (ValueError, OSError):
        raise not_found() from None


def _may_see(visitor: Visitor, owner: Event | Alert) -> bool:
    if isinstance(owner, Alert):
        return may_see(visitor, owner)
    return within(visitor, owner.site, [one for one in (owner.zone, owner.asset) if one])
