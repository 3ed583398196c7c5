"""Who may do what: one table. A route without an entry here keeps the console from starting.

The names are those of the routes. Beyond the role, `may_see` narrows to the sites, places and markings that a
visitor may see, and `addressed` to the notices that are meant for a visitor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.hospital import Hospital
from safecare.model.incident import Incident
from safecare.model.marking import Marking, Tlp
from safecare.model.roles import ADMIN, ANALYST, AUDITOR, CISO, CRISIS, GUARD, LIAISON, OPERATOR, ROLES, reader_of
from safecare.model.scope import Scope, scope_of
from safecare.store.accounts import session_id

SOURCE = "source"
"""Role of a machine that sends events."""

PUBLIC = frozenset({"public"})
"""Entry of a route that needs no sign-in."""
EVERYONE = frozenset(ROLES)
STAFF = EVERYONE - {LIAISON}
CONTROL = STAFF - {GUARD}
"""Those who see the whole picture."""
ACTING = CONTROL - {AUDITOR}
"""Those who act on incidents; an auditor reads all and changes nothing."""
WATCHING = frozenset({OPERATOR, ANALYST, CISO, ADMIN, AUDITOR})
"""Those who look after the platform itself."""
OVERSIGHT = frozenset({CISO, ADMIN, AUDITOR})
DRAWING = frozenset({CISO, ADMIN})
"""Those who change the plans of the site."""
SENDING = frozenset({SOURCE, ADMIN})

RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # without sign-in: pages that lead to it, and files that hold nothing of the hospital
        "sign_in_page": PUBLIC,
        "sign_in": PUBLIC,
        "plain_file": PUBLIC,
        "texts": PUBLIC,
        "page": PUBLIC,
        # session
        "sign_out": EVERYONE,
        "me": EVERYONE,
        "set_language": EVERYONE,
        "invite": frozenset({ADMIN}),
        "begin_sign_in": PUBLIC,
        "sign_in_by_passkey": PUBLIC,
        "code_page": PUBLIC,
        "sign_in_by_code": PUBLIC,
        "begin_oidc": PUBLIC,
        "oidc_callback": PUBLIC,
        "oidc_signed_out": PUBLIC,
        "access": EVERYONE,
        "remove_access": EVERYONE,
        "make_backup_codes": EVERYONE,
        "begin_totp": EVERYONE,
        "confirm_totp": EVERYONE,
        "begin_passkey": EVERYONE,
        "add_passkey": EVERYONE,
        "crisis": CONTROL,
        "crisis_table": CONTROL,
        "crisis_page": CONTROL,
        "log_crisis": ACTING,
        "detections": CONTROL,
        "share_preview": frozenset({CISO, CRISIS, ADMIN, AUDITOR}),
        "share": frozenset({CISO, CRISIS, ADMIN}),
        "send_share": frozenset({CISO, CRISIS, ADMIN}),
        "shares": frozenset({CISO, CRISIS, ADMIN, AUDITOR}),
        "users": OVERSIGHT,
        "revoke_user": frozenset({ADMIN}),
        "revoke_session": frozenset({ADMIN}),
        # phones that take push messages
        "devices": EVERYONE,
        "add_device": EVERYONE,
        "remove_device": EVERYONE,
        "test_device": EVERYONE,
        "device_heard": PUBLIC,
        "channels": OVERSIGHT,
        "alarm_load": OVERSIGHT,
        "test_channel": frozenset({ADMIN}),
        # incidents
        "board": CONTROL | {LIAISON},
        "incident": CONTROL | {LIAISON},
        "forecast": CONTROL | {LIAISON},
        "timeline": CONTROL,
        "timeline_table": CONTROL,
        "impact_graph": CONTROL,
        "what_if": CONTROL,
        "recovery": CONTROL,
        "risk": frozenset({ANALYST, CISO, CRISIS, ADMIN, AUDITOR}),
        "plan": CONTROL,
        "alerts": CONTROL,
        "judge": ACTING,
        "arrange": ACTING,
        "similar": CONTROL,
        "arrangements": CONTROL,
        "suppressions": CONTROL,
        "preview_suppression": ACTING,
        "suppress": frozenset({ANALYST, CISO, ADMIN}),
        "rules": CONTROL,
        "decide": frozenset({OPERATOR, CISO, CRISIS, ADMIN}),
        "procedures": CONTROL,
        "act_on_procedure": ACTING,
        "print_page": CONTROL,
        "sheet": CONTROL,
        "situation": CONTROL,
        "crisis_file": CONTROL,
        "report_page": ACTING | {AUDITOR},
        "report_paper": ACTING | {AUDITOR},
        # care
        "availability": CONTROL | {LIAISON},
        "availability_table": CONTROL | {LIAISON},
        "availability_have": CONTROL | {LIAISON},
        "state_care": frozenset({OPERATOR, CRISIS, ADMIN}),
        # building
        "sites": STAFF,
        "level": STAFF,
        "drawing": OVERSIGHT,
        "import_drawing": DRAWING,
        "preview_plan": DRAWING,
        "draw_plan": DRAWING,
        "undo_plan": DRAWING,
        "cameras": OVERSIGHT,
        "zones": OVERSIGHT,
        "draw_zones": frozenset({ADMIN}),
        "try_zones": frozenset({ADMIN}),
        "still": STAFF,
        "clip": CONTROL,
        "clear_clip": frozenset({CISO, ADMIN}),
        # notices
        "guard": EVERYONE,
        "answer": EVERYONE - {AUDITOR},
        "notice_page": EVERYONE,
        "answer_page": EVERYONE - {AUDITOR},
        "report": ACTING | {GUARD},
        "notices_page": EVERYONE,
        "report_form": ACTING | {GUARD},
        "reports": CONTROL,
        "voice": CONTROL,
        "live": EVERYONE,
        # the platform itself
        "health": WATCHING,
        "metrics": WATCHING | {SOURCE},
        "rejects": WATCHING,
        "held": WATCHING,
        "decide_held": frozenset({ANALYST, CISO, ADMIN}),
        "inventory": WATCHING,
        "audit": OVERSIGHT,
        "openapi": CONTROL,
        "scenarios": CONTROL,
        "scenario_run": CONTROL,
        "scenario_runs": CONTROL,
        "run_scenario": frozenset({ANALYST, CISO, ADMIN}),
        # machines
        "ingest": SENDING,
    }
)
"""Roles by route name."""

LIVE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "alert": CONTROL,
        "incident": CONTROL | {LIAISON},
        "forecast": CONTROL | {LIAISON},
        "plan": CONTROL,
        "notice": EVERYONE,
        "receipt": EVERYONE,
        "reject": WATCHING,
    }
)
"""Roles by topic of the live stream."""

APPROVERS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"security": frozenset({OPERATOR, CISO, CRISIS, ADMIN}), "clinical": frozenset({CRISIS, ADMIN})}
)
"""Who may give which approval: what touches care is decided by the crisis cell, where the clinicians sit."""

_SHARED = frozenset({Tlp.GREEN, Tlp.CLEAR})
"""Labels under which a thing may leave the organisation (TLP 2.0: AMBER and above stay with it and its clients)."""


class Visitor(msgspec.Struct, frozen=True):
    """Who is asking."""

    user: str
    name: str
    role: str
    site: str | None = None
    """The only site that the visitor sees; none: all."""
    secret: str = ""
    """Session cookie, empty for a machine; never written anywhere."""
    places: tuple[str, ...] = ()
    """Zones, storeys and buildings that the visitor is kept to; none: the whole site."""
    scope: Scope | None = None
    """What these places hold."""

    @property
    def session(self) -> str:
        """The name of the visitor's session (`safecare.store.accounts.OpenSession.id`); empty for the local token."""
        return session_id(self.secret) if self.secret else ""

    @property
    def known(self) -> bool:
        """True when someone has signed in."""
        return self.role != "public"


NOBODY = Visitor("", "", "public")


def may(visitor: Visitor, route: str) -> bool:
    """Tell whether `visitor` may use `route`. Raises `KeyError` for a route without an entry."""
    allowed = RIGHTS[route]
    return allowed is PUBLIC or visitor.role in allowed


def within(visitor: Visitor, site: str, ids: Iterable[str] = ()) -> bool:
    """Tell whether a thing of `site` about `ids` (zones, assets) lies where `visitor` is responsible."""
    if visitor.site is not None and visitor.site != site:
        return False
    return visitor.scope is None or visitor.scope.holds(site, ids)


def here(visitor: Visitor, event: Event) -> bool:
    """Tell whether `event` happened where `visitor` is responsible."""
    return within(visitor, event.site, [one for one in (event.zone, event.asset) if one])


def may_see(visitor: Visitor, thing: Alert | Incident) -> bool:
    """Tell whether `visitor` may see an alert or incident."""
    return may_see_at(visitor, thing.site, thing.marking, (*thing.zones, *thing.assets))


def may_see_at(visitor: Visitor, site: str, marking: Marking, ids: Iterable[str] = ()) -> bool:
    """Tell whether `visitor` may see a thing of `site`, about `ids` (zones, assets), that is marked so."""
    if not within(visitor, site, ids):
        return False
    if visitor.role != LIAISON:
        return True
    return marking.tlp in _SHARED or not {LIAISON, visitor.user}.isdisjoint(marking.parties)


def manages(hospital: Hospital, visitor: Visitor, site: str | None, places: Sequence[str]) -> bool:
    """Tell whether `visitor` may give or take access to `site` (none: all) and `places`: never beyond their own."""
    if visitor.site is not None and visitor.site != site:
        return False
    if visitor.scope is None:
        return True
    asked = scope_of(hospital, places)
    return asked is not None and asked.inside <= visitor.scope.inside


def addressed(visitor: Visitor, role: str, user: str) -> bool:
    """Tell whether a notice to `role` (or to `user` alone) is meant for `visitor`.

    A site's routes may name roles that nobody signs in with (shift leader, duty pharmacist): those notices
    are the security desk's, who passes them on.
    """
    if user:
        return user == visitor.user
    return visitor.role in {role, reader_of(role)}


def may_read_notice(visitor: Visitor, role: str, user: str, site: str, zone: str | None) -> bool:
    """Tell whether `visitor` may read a notice: it is theirs, or they run or audit the whole response."""
    if not within(visitor, site, [zone] if zone else []):
        return False
    return addressed(visitor, role, user) or visitor.role in CONTROL
