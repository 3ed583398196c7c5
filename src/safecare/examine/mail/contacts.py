"""Who writes to whom: what live memory of correspondents is told of a mail. No judgement.

The clear addresses go no further than the examiner, which makes pseudonyms of them.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re
from collections.abc import Iterable

from safecare.examine.mail.addressed import addresses_of
from safecare.examine.mail.names import hosted
from safecare.examine.mail.relations import ROLES
from safecare.examine.mail.vouch import vouched
from safecare.formats.domains import registered
from safecare.formats.mail import FREE, Contact, Mail, MailFacts, addresses
from safecare.formats.wording import level, shown

MOST = 20
"""Recipients of a mail of the house that are told. Chosen: who writes to more at once sends a circular."""
WORDS = (2, 5)
"""Least and most words of a person's name. Chosen: one word is shared by many, more are an organisation's."""
_TITLES = frozenset(
    "dr dre pr prof professeur professor docteur doctor doktor dott dottssa dra doc m mr mrs ms mme mlle monsieur "
    "madame herr frau sir dame direttore direttrice sig sr sra ing dipl med phd md rn".split()
)
"""What stands before or behind a name and is no part of it."""
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|\S*@\S*")


def contact_of(mail: Mail, facts: MailFacts, own: Iterable[str] = ()) -> Contact:
    """Return who writes to whom in `mail`; `own` are the mail domains of the hospital."""
    headers, home = mail.mime.headers, {registered(one) for one in own}
    visible = addresses(headers, "From")
    if len(visible) != 1:
        return Contact()
    domain = visible[0][1]
    name = called(visible[0][0])
    base, told = registered(domain), vouched(headers, registered(domain))
    if base not in home:
        address = next((one for one in sorted(addresses_of(headers, "From")) if one.endswith(f"@{domain}")), "")
        return Contact(_key(address), "mail.auth.aligned" in told, called=name)
    failed = any(one.startswith("mail.auth.") and one.endswith(".fail") for one in facts.facts)
    if failed or "mail.auth.unaligned" in told:
        return Contact(base)
    written = sorted(addresses_of(headers, "To") | addresses_of(headers, "Cc"))
    keys = dict.fromkeys(_key(one) for one in written if registered(one.rpartition("@")[2]) not in home)
    return Contact(base, vouched=True, written_to=tuple(keys) if len(keys) <= MOST else (), called=name)


def called(display: str) -> str:
    """Return the words of a person's name without titles, in the order of letters; empty for services and others.

    ``Dr Anne MERCIER``, ``Mercier, Anne`` and ``Anne Mercier (pharmacy)`` are one. Who writes by way of a service
    (``Anne Mercier via ...``) is not taken for the service's.
    """
    words = re.findall(r"[^\W\d_]+", level(_ASIDE.sub(" ", shown(display[:200]))))
    name = sorted({one for one in words if len(one) > 1 and one not in _TITLES})
    if not WORDS[0] <= len(name) <= WORDS[1] or "via" in name or not ROLES.isdisjoint(name):
        return ""
    return " ".join(name)


def _key(address: str) -> str:
    """Return the domain of a firm's address, and the whole address where anyone has a mail box."""
    domain = address.rpartition("@")[2]
    base = registered(domain)
    return address if base in FREE or hosted(domain) else base


__all__ = ["called", "contact_of"]
