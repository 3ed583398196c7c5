"""What the browser may send, with the limits of each field."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from safecare.model.events.acts import About
from safecare.model.events.care import CareFigures

Words = Annotated[str, msgspec.Meta(max_length=2000)]
"""Words that a person wrote (chosen: a long paragraph)."""
Key = Annotated[str, msgspec.Meta(max_length=64)]
"""An id; a UUID has 36 characters."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone, as the device of the person tells it."""
Role = Literal["guard", "operator", "analyst", "ciso", "crisis", "liaison", "admin", "auditor"]


class ChooseLanguage(msgspec.Struct, frozen=True):
    """Body of POST /api/me."""

    language: Literal["fr", "en"]


class Invite(msgspec.Struct, frozen=True):
    """Body of POST /api/invitations."""

    role: Role
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    site: Key | None = None
    zones: Annotated[list[Key], msgspec.Meta(max_length=50)] = []
    """Zones, storeys or buildings of the site that the person is kept to; none: all of it."""


class AddDevice(msgspec.Struct, frozen=True):
    """Body of POST /api/devices: what the browser's push manager gave."""

    endpoint: Annotated[str, msgspec.Meta(min_length=12, max_length=1000)]
    key: Annotated[str, msgspec.Meta(min_length=80, max_length=100)]
    auth: Annotated[str, msgspec.Meta(min_length=16, max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=80)] = ""


class ConfirmTotp(msgspec.Struct, frozen=True):
    """Body of POST /api/access/totp/confirm."""

    code: Annotated[str, msgspec.Meta(max_length=12)]


class PasskeyAnswer(msgspec.Struct, frozen=True):
    """Body of POST /api/passkeys and /api/sign-in: what the browser's authenticator gave, as JSON."""

    ceremony: Key
    credential: msgspec.Raw
    name: Annotated[str, msgspec.Meta(max_length=80)] = ""


class Share(msgspec.Struct, frozen=True):
    """Body of POST /api/incidents/{id}/share."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    tlp: Literal["TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR"]
    form: Literal["cap", "idmef", "stix", "misp"]
    id: Key = ""


class SendShare(msgspec.Struct, frozen=True):
    """Body of POST /api/incidents/{id}/send. `to`: a partner of the settings. Red is for named people."""

    to: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    tlp: Literal["TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR"]
    id: Key = ""


class LogCrisis(msgspec.Struct, frozen=True):
    """Body of POST /api/crisis."""

    entry: Literal["decision", "call", "instruction", "observation", "note"]
    words: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    to: Annotated[str, msgspec.Meta(max_length=120)] = ""
    incident: Key = ""
    corrects: Key = ""
    id: Key = ""
    at: Moment | None = None


class Heard(msgspec.Struct, frozen=True):
    """Body of POST /api/devices/heard: what the check carried."""

    proof: Key


class TestChannel(msgspec.Struct, frozen=True):
    """Body of POST /api/channels/{name}/test."""

    role: Key


class Judge(msgspec.Struct, frozen=True):
    """Body of POST /api/incidents/{id}/judge."""

    state: Literal["validated", "contained", "closed", "new"]
    verdict: Literal["", "true", "benign", "false"] = ""
    comment: Words = ""
    id: Key = ""


Keys = Annotated[list[Key], msgspec.Meta(max_length=200)]
"""Ids of alerts, things or places (chosen: what one act still can mean)."""
Patterns = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=100)]], msgspec.Meta(min_length=1, max_length=20)
]
"""Names of rules, shell style."""


class Arrange(msgspec.Struct, frozen=True):
    """Body of POST /api/incidents/{id}/arrange."""

    change: Literal["merge", "split", "detach", "attach"]
    other: Key | None = None
    alerts: Keys = []
    comment: Words = ""
    id: Key = ""


class Suppress(msgspec.Struct, frozen=True, kw_only=True):
    """Body of POST /api/suppressions and /api/suppressions/preview. `severity`: highest that is hidden, 0-100."""

    window: Literal["suppression", "maintenance"] = "suppression"
    reason: Words = ""
    rules: Patterns
    assets: Keys = []
    zones: Keys = []
    severity: Annotated[int, msgspec.Meta(ge=0, le=100)]
    begins: Moment | None = None
    expires: Moment | None = None
    suppression: Key = ""
    """Id of the window that is changed; empty for a new one."""
    ended: bool = False
    id: Key = ""


class DecideHeld(msgspec.Struct, frozen=True, kw_only=True):
    """Body of POST /api/held/{id}."""

    decision: Literal["release", "discard"]
    reason: Words
    id: Key = ""


class SeeClip(msgspec.Struct, frozen=True, kw_only=True):
    """Body of POST /api/clips/{id}/clear."""

    reason: Words
    id: Key = ""


class Decide(msgspec.Struct, frozen=True):
    """Body of POST /api/plans/{id}/decide."""

    action: Key
    decision: Literal["approved", "refused", "done"]
    step: Literal["security", "clinical"] = "security"
    comment: Words = ""
    id: Key = ""


class ActOnProcedure(msgspec.Struct, frozen=True):
    """Body of POST /api/plans/{id}/procedures/{procedure}. `key` names the open step; begin and stop have none."""

    outcome: Literal["begin", "stop", "success", "failure", "skipped", "yes", "no"]
    key: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    comment: Words = ""
    id: Key = ""


class StateCare(msgspec.Struct, frozen=True):
    """Body of POST /api/availability/{service}: what a person states of it."""

    figures: CareFigures
    comment: Words = ""
    id: Key = ""


class Answer(msgspec.Struct, frozen=True):
    """Body of POST /api/notices/{id}/answer."""

    answer: Literal["delivered", "read", "acknowledged", "on_my_way", "on_site", "clear", "help"]
    comment: Words = ""
    id: Key = ""
    at: Moment | None = None
    revision: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Revision of the notice that was seen; 0: not said."""


class Report(msgspec.Struct, frozen=True):
    """Body of POST /api/reports."""

    words: Words = ""
    zone: Key | None = None
    picture: str = ""
    """A JPEG file in base 64 (RFC 4648, 4)."""
    voice: str = ""
    """A voice note (WebM, Ogg or MP4) in base 64."""
    panic: bool = False
    """A call for help: somebody is in danger."""
    about: About = ""
    id: Key = ""
    at: Moment | None = None
