"""The platform's few settings: one TOML file, defaults that work, each with its unit.

Order: defaults, then ``safecare.toml`` in the data folder, then what the command line says. What belongs
to the site (doors, cameras, thresholds of zones, routes) stands in the hospital's own files.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from safecare.model.layout import laid_out
from safecare.model.roles import Grant


class SettingsError(ValueError):
    """A settings file can't be read or holds something wrong; names the file and the place."""


class Console(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the console listens and how long sign-ins last."""

    host: str = "127.0.0.1"
    port: int = 8440
    public_url: str = ""
    """Address that people use, when a proxy stands before the platform; empty: ``http://host:port``."""
    session_hours: float = 12.0
    """One long shift; then sign in again."""
    link_minutes: float = 30.0
    """Life of a one-time sign-in link."""


class Oidc(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hospital's own identity provider (OpenID Connect), by which its staff sign in."""

    issuer: str = ""
    """Its address, as its discovery document names it; empty: none. Its name for us stands in `client`."""
    client: str = ""
    claim: str = "groups"
    """Claim that lists a person's groups; dots lead into objects (``realm_access.roles``)."""
    groups: dict[str, str | Grant] = {}
    """What a group gives: a role, or a table of ``role``, ``site``, ``zones``. The first that a person has counts."""
    scope: str = ""
    """What is asked of it; empty: ``openid profile``, and the claim's own scope where the provider offers one."""


class Partner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody outside to whom people may send incidents: the TAXII 2.1 collection that they may write into."""

    collection: str
    """``https://HOST/API-ROOT/collections/ID/``"""
    user: str = ""
    password: str = ""
    token: str = ""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds that protect the platform."""

    disk_reserve_mb: int = 256
    """Free space (MB) below which senders are refused, so that what was accepted can still be worked on."""
    batch_events: int = 1000
    """Most events in one batch of the log."""
    message_mb: int = 32
    """Largest message (MB) that a door takes."""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days after which data is deleted, by class. Incidents, plans and the audit chain are kept."""

    events: int = 30
    artifacts: int = 30
    rejects: int = 90
    stills: int = 30
    """French rule for video: at most one month (Code de la sécurité intérieure, L252-5)."""
    log: int = 7
    """The log itself, once every stage has passed."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings."""

    hospital: str = ""
    """Folder of the hospital's files; empty: the demo hospital."""
    language: str = "fr"
    """Language of people who have not chosen one: ``fr`` or ``en``."""
    seal_keys: str = ""
    """File of the keys that seal the secrets of the database; empty: ``seal.keys`` in the data folder.
    ``$CREDENTIALS_DIRECTORY`` and the like are filled in."""
    log_level: str = "info"
    log_rules: str = ""
    """Folder of the site's own Sigma rules, beside those of the platform; empty: ``log-rules`` in the data folder."""
    file_rules: str = ""
    """Folder of the site's own YARA rules for files; empty: ``file-rules`` in the data folder."""
    mail_model: str = ""
    """Model that `safecare train mail` made of the site's own mail; empty: ``mail-model.json`` in the data folder."""
    clamd: str = ""
    """ClamAV's daemon as second engine: path of its socket, or ``host:port``; empty: Debian's socket if there is one;
    ``none``: not asked."""
    resolver: str = ""
    """DNS resolver (``10.0.0.53``) by which SPF, DKIM and DMARC of mails are checked; empty: nothing is asked."""
    sealers: tuple[str, ...] = ()
    """Domains whose seals (ARC) on mails that they passed on are believed: lists, sister hospitals, mail services."""
    console: Console = Console()
    oidc: Oidc = Oidc()
    limits: Limits = Limits()
    retention: Retention = Retention()
    channels: dict[str, dict[str, Any]] = {}
    """Tables of the channels by which people are told, by channel: ``[channels.mail]`` and so on."""
    partners: dict[str, Partner] = {}
    """Those outside to whom people may send incidents, by the name that people read: ``[partners."CERT Santé"]``."""
    doors: dict[str, dict[str, Any]] = {}
    """Changes to single doors of the hospital's ``sources.yaml``: by door id, setting and value."""


def load(folder: Path, changes: dict[str, Any] | None = None) -> Settings:
    """Read ``safecare.toml`` in `folder` (absent: defaults) and lay `changes` (nested dict) over it.

    Raises `SettingsError`.
    """
    path = folder / "safecare.toml"
    raw: dict[str, Any] = {}
    if path.exists():
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{path}: {error}") from error
    try:
        return msgspec.convert(_overlay(raw, changes or {}), laid_out(Settings))
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}") from error


def _overlay(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
