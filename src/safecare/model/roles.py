"""Roles that people sign in with. A site's own files may name further ones (shift leader, duty pharmacist)."""

from __future__ import annotations

import msgspec

GUARD, OPERATOR, ANALYST, CISO = "guard", "operator", "analyst", "ciso"
CRISIS, LIAISON, ADMIN, AUDITOR = "crisis", "liaison", "admin", "auditor"

ROLES = (GUARD, OPERATOR, ANALYST, CISO, CRISIS, LIAISON, ADMIN, AUDITOR)


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person may be: role, and the site and the rooms, storeys or buildings that it is kept to (none: all)."""

    role: str
    site: str | None = None
    zones: tuple[str, ...] = ()


def reader_of(role: str) -> str:
    """Return the role that reads notices to `role`: the security desk passes on those to whom nobody signs in as."""
    return role if role in ROLES else OPERATOR
