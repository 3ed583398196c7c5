"""Session, health, rejects, audit, scenarios, ingest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from safecare.console.wire.incidents import Named


class ExerciseNow(msgspec.Struct, frozen=True):
    """The exercise that runs now."""

    scenario: str
    since: datetime


class Me(msgspec.Struct, frozen=True):
    """Who has signed in."""

    user: str
    name: str
    role: str
    language: str
    hospital: Named
    exercise: ExerciseNow | None
    timezone: str
    """Time zone of the visitor's site: all screens show its time, wherever the browser is."""


class Invitation(msgspec.Struct, frozen=True):
    """A one-time link, also as a QR code (rows of 0 and 1), and the id of the user whom it signs in."""

    url: str
    expires: datetime
    user: str
    picture: list[str]


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A phone or browser that takes push messages. `silent`: it has not answered its last check."""

    id: str
    name: str
    created: datetime
    asked: datetime | None
    heard: datetime | None
    silent: bool


class DevicesView(msgspec.Struct, frozen=True):
    """The visitor's devices; `key` is what a browser subscribes with, empty where push is not set up."""

    key: str
    devices: list[DeviceView]


class WayView(msgspec.Struct, frozen=True):
    """A passkey."""

    id: str
    name: str
    created: datetime
    used: datetime | None


class AccessView(msgspec.Struct, frozen=True, kw_only=True):
    """How the visitor can sign in again. `totp`: since when; `totp_closed`: too many wrong codes."""

    passkeys: list[WayView]
    totp: datetime | None
    totp_closed: bool
    backup_left: int


class BackupCodes(msgspec.Struct, frozen=True):
    """A fresh set, shown once."""

    codes: list[str]


class TotpView(msgspec.Struct, frozen=True):
    """A key for an authenticator app: to be typed, as its app reads it, and as a QR code (rows of 0 and 1)."""

    key: str
    address: str
    picture: list[str]


class CeremonyView(msgspec.Struct, frozen=True):
    """What the browser's authenticator is to be given; `ceremony` names it in the answer."""

    ceremony: str
    options: dict[str, Any]


class SignedInView(msgspec.Struct, frozen=True):
    """Who has signed in: in which role."""

    role: str


class CrisisEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the crisis log. `at`: when it was; `written`: when the platform took it."""

    number: int
    id: str
    at: datetime
    written: datetime
    who: str
    role: str
    entry: str
    entry_name: str
    words: str
    to: str
    incident: str | None
    corrects: int | None
    """Number of the line that this one puts right."""
    hash: str
    exercise: str = ""
    """The scenario that ran when it was written; empty: none did."""


class CrisisLog(msgspec.Struct, frozen=True):
    """The crisis log, and whether the chain that seals it holds."""

    entries: list[CrisisEntry]
    verified: bool


class SharePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What of an incident would leave the house, what would not, and its own label."""

    title: str
    story: list[str]
    places: list[str]
    techniques: list[str]
    withheld: list[str]
    marking: str


class ShareEntry(msgspec.Struct, frozen=True):
    """What went to whom."""

    at: datetime
    who: str
    to: str
    tlp: str
    form: str
    incident: str
    sha256: str


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """How a rule has done: alerts and incidents of a time, and what people judged of these."""

    rule: str
    domain: str
    alerts: int
    incidents: int
    true: int
    benign: int
    false: int
    open: int
    last: datetime | None
    active: bool
    """The rule runs now."""
    below: list[tuple[int, int]]
    """Severity, and how many of its alerts were below: what a threshold there would have hidden."""


class Tested(msgspec.Struct, frozen=True):
    """To how many devices a test was sent, and by how many push services it was taken."""

    asked: int
    taken: int


class SignedOutAt(msgspec.Struct, frozen=True):
    """Where a browser goes after signing out: to the start page, or to the identity provider to sign out there too."""

    next: str


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """An open session."""

    id: str
    opened: datetime
    expires: datetime
    agent: str
    live: bool
    """Whether a screen of it is open now."""


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """A person or machine with access, or who had it."""

    id: str
    name: str
    role: str
    role_name: str
    site: str | None
    site_name: str
    zones: list[Named]
    """Places that the person is kept to; none: the whole site."""
    created: datetime
    vouched: datetime | None
    """When the site's identity provider last knew the person; none: known here only."""
    revoked: datetime | None
    sessions: list[SessionView]
    devices: list[DeviceView]
    ways: list[str]
    """Ways to sign in again: ``passkey``, ``totp``, ``backup``; without any, only by a fresh link."""


class ChannelTest(msgspec.Struct, frozen=True):
    """The last test of a channel: to which role, when, and what became of it."""

    role: str
    at: datetime
    outcome: str
    reason: str | None


class ChannelView(msgspec.Struct, frozen=True, kw_only=True):
    """A way by which notices leave. `missing`: why it can't be used."""

    name: str
    missing: str
    roles: list[Named]
    """Roles that a route tells by it."""
    tests: list[ChannelTest]


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told about what."""

    id: str
    severity: int
    sites: list[Named]
    zones: list[Named]
    domains: list[str]
    shifts: list[str]
    in_force: bool
    """Whether its hours cover the present moment."""
    levels: list[list[Named]]
    answer_within: float
    channels: list[str]


class ChannelsView(msgspec.Struct, frozen=True):
    """All channels and routes."""

    channels: list[ChannelView]
    routes: list[RouteView]


class AlarmLoad(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms for each operator at the desk; `now`, `peak` and `mean` within ten minutes, over the last day."""

    operators: int
    """People of the security desk whose screens are open now; the figures count at least one."""
    now: float
    peak: float
    peak_at: datetime | None
    mean: float
    limit: int
    """Alarms within ten minutes that one person can take."""
    shares: dict[str, float]
    """Share (0-1) of each level of severity."""
    alarms: int
    """All of the last day."""


class RejectView(msgspec.Struct, frozen=True):
    """What a door could not read."""

    id: str
    at: datetime
    door: str
    size: int
    reason: str
    place: str


class AuditEntry(msgspec.Struct, frozen=True):
    """One link of the audit chain."""

    seq: int
    at: datetime
    actor: str
    act: str
    about: str
    """The act in the reader's words; `detail` is what was sealed."""
    detail: Any
    hash: str


class Audit(msgspec.Struct, frozen=True):
    """A part of the audit chain, and whether the whole chain holds."""

    entries: list[AuditEntry]
    verified: bool


class ScenarioView(msgspec.Struct, frozen=True):
    """A scenario."""

    name: str
    title: str
    description: str
    steps: int
    quiet: bool


class RunHead(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the list of past ones."""

    id: str
    name: str
    title: str
    state: str
    started: datetime
    steps: int
    as_expected: int
    """Steps that brought what they had to."""
    slowest: float | None
    """Seconds from input to alert, of the slowest step."""
    missed: list[str]
    """What was missed: steps and checks."""


class RunStepView(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a run."""

    step: int
    title: str
    input: str
    expected: str
    alert: str | None
    latency: float | None
    ok: bool | None
    told: list[str]


class RunCheckView(msgspec.Struct, frozen=True):
    """A check of a run."""

    name: str
    ok: bool
    detail: str


class RunView(msgspec.Struct, frozen=True):
    """A run."""

    name: str
    state: str
    started: datetime
    steps: list[RunStepView]
    checks: list[RunCheckView]


class RunStarted(msgspec.Struct, frozen=True):
    """The id of a run that was started."""

    run: str


class LineRefused(msgspec.Struct, frozen=True):
    """A line of an ingest request that was not taken."""

    line: int
    reason: str


class Taken(msgspec.Struct, frozen=True):
    """What of an ingest request was taken; durable."""

    accepted: int
    rejected: list[LineRefused]


class Done(msgspec.Struct, frozen=True):
    """The act is durable."""

    id: str
