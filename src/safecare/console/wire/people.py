"""People, their sessions, their devices, and how they sign in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from safecare.console.wire.incidents import Named


class ExerciseNow(msgspec.Struct, frozen=True):
    """The exercise that runs now."""

    scenario: str
    title: str
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


class SignedInView(msgspec.Struct, frozen=True):
    """Who has signed in: in which role."""

    role: str


class SignedOutAt(msgspec.Struct, frozen=True):
    """Where a browser goes after signing out: to the start page, or to the identity provider to sign out there too."""

    next: str


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


class Tested(msgspec.Struct, frozen=True):
    """To how many devices a test was sent, and by how many push services it was taken."""

    asked: int
    taken: int


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
