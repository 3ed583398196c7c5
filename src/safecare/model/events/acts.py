"""Acts of people, which enter the road as events: there is no backward call.

`actor` is the user's id in the central database; every act is copied to the audit chain.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from safecare.model.event import Event
from safecare.model.ids import AlertId, ArtifactHash, AssetId, EventId, IncidentId, NoticeId, PlanId, SiteId, ZoneId


class Act(Event, frozen=True, kw_only=True):
    """What all acts share: who did it, in which role."""

    actor: str
    role: str = ""


class IncidentJudged(Act, frozen=True, kw_only=True, tag="act.incident"):
    """A person validated, contained, closed or reopened an incident, with a verdict when closing."""

    incident: IncidentId
    state: Literal["validated", "contained", "closed", "new"]
    verdict: Literal["", "true", "benign", "false"] = ""
    comment: str = ""


class IncidentArranged(Act, frozen=True, kw_only=True, tag="act.arrange"):
    """A person said what belongs to an incident. Every change can be turned back by another one.

    ``merge``: `incident` takes `other` in (back: reopen `other`, or ``split``). ``split``: `alerts` become an incident
    of their own. ``detach``: `alerts` do not belong to it, and are no incident (back, for both: ``attach``).
    """

    incident: IncidentId
    change: Literal["merge", "split", "detach", "attach"]
    other: IncidentId | None = None
    alerts: tuple[AlertId, ...] = ()
    comment: str = ""


class Suppressed(Act, frozen=True, kw_only=True, tag="act.suppress"):
    """A person set, changed or ended (`ended`) a suppression or a maintenance window.

    Between `begins` and `expires` (event time), alerts of the rules `rules` (patterns) and, where named, about one of
    `assets` or in one of `zones`, of a severity of at most `severity`, are counted but join no incident. It holds at
    the site `only`, where whoever set it looks after no other one.
    """

    suppression: str
    """Its id: that of the act that set it first."""
    window: Literal["suppression", "maintenance"]
    reason: str
    rules: tuple[str, ...]
    begins: datetime
    expires: datetime
    severity: int
    assets: tuple[AssetId, ...] = ()
    zones: tuple[ZoneId, ...] = ()
    only: SiteId | None = None
    ended: bool = False


class PlanDecided(Act, frozen=True, kw_only=True, tag="act.plan"):
    """A person approved or refused one action of a plan; `step` is the approval given (security, clinical)."""

    plan: PlanId
    action: str
    decision: Literal["approved", "refused", "done"]
    step: Literal["security", "clinical"] = "security"
    comment: str = ""


class ProcedureActed(Act, frozen=True, kw_only=True, tag="act.procedure"):
    """A person began or stopped a procedure of a plan (`key` empty), or did one of its steps.

    `yes` and `no` answer a question; what a person could not do is `failure`, what was not needed is `skipped`.
    """

    plan: PlanId
    procedure: str
    outcome: Literal["begin", "stop", "success", "failure", "skipped", "yes", "no"]
    key: str = ""
    comment: str = ""


class NoticeAnswered(Act, frozen=True, kw_only=True, tag="act.notice"):
    """The page showed a notice (delivered), a person opened it (read), or answered it."""

    notice: NoticeId
    answer: Literal["delivered", "read", "acknowledged", "on_my_way", "on_site", "clear", "help"]
    comment: str = ""
    revision: int = 0
    """Revision of the notice that the person saw; 0: not said."""


About = Literal["", "fire", "violence", "stranger", "object", "water", "damage"]
"""What a report is about, as the person chose it; empty: they chose nothing."""


class Reported(Act, frozen=True, kw_only=True, tag="act.report"):
    """A person reports something seen, in words, with a picture or a voice note; or calls for help (`panic`)."""

    words: str
    about: About = ""
    picture: ArtifactHash | None = None
    voice: ArtifactHash | None = None
    panic: bool = False


class IncidentShared(Act, frozen=True, kw_only=True, tag="act.share"):
    """A person took an incident out of the house: to whom, under which label, and the SHA-256 of what was given.

    What is sent to a partner (``taxii``) stands on record twice: before it leaves, and with the partner's `answer`: how
    many objects of how many were taken (``6/6``), or ``failed``.
    """

    incident: IncidentId
    to: str
    tlp: str
    form: Literal["cap", "idmef", "stix", "misp", "taxii"]
    sha256: str
    answer: str = ""
    revision: int = 0
    """Revision of the incident that was given; 0: not known (before this stood on record)."""


class CrisisLogged(Act, frozen=True, kw_only=True, tag="act.crisis"):
    """A line of the crisis log: never changed afterwards, only corrected by a further line."""

    entry: Literal["decision", "call", "instruction", "observation", "note"]
    words: str
    to: str = ""
    """Who was called or instructed, in words: a service or a function, not a patient."""
    incident: IncidentId | None = None
    corrects: EventId | None = None
    """The line that this one puts right."""


class HeldDecided(Act, frozen=True, kw_only=True, tag="act.held"):
    """A person released or discarded a file that a door holds; the door sends on what is released."""

    file: EventId
    """The `FileJudged` of it."""
    door: str
    artifact: ArtifactHash
    decision: Literal["release", "discard"]
    reason: str
    call: ArtifactHash | None = None


class ExerciseSet(Act, frozen=True, kw_only=True, tag="act.exercise"):
    """An exercise (scripted scenario) starts or ends; every screen shows it in between."""

    scenario: str
    running: bool


class PlanDrawn(Act, frozen=True, kw_only=True, tag="act.plan_drawn"):
    """A person saved a new version of the plan of a storey; the version itself is kept in the data folder."""

    level: str
    version: int
    sha256: str
    """Of the version's file."""
    comment: str = ""


class ZonesDrawn(Act, frozen=True, kw_only=True, tag="act.zones_drawn"):
    """A person saved a new version of the zones of a camera (`asset`); the version is kept in the data folder."""

    version: int
    sha256: str
    """Of the version's file."""
    comment: str = ""


class SignedIn(Act, frozen=True, kw_only=True, tag="act.session"):
    """A person signed in or out, a link or a machine's token was made, or somebody's access was taken away."""

    change: Literal["signed_in", "signed_out", "invited", "token", "revoked", "way_added", "way_removed"]
    detail: str = ""


class ClipSeen(Act, frozen=True, kw_only=True, tag="act.clip"):
    """A person saw a clip with clear heads, for a reason. Recorded before the clip is given."""

    clip: EventId
    reason: str
