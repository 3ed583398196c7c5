"""Who writes to whom: what live memory of correspondents is told of a mail. No judgement.

The clear addresses go no further than the examiner, which makes pseudonyms of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from safecare.examine.mail.analyser import addresses_of
from safecare.examine.mail.names import hosted
from safecare.examine.mail.vouch import vouched
from safecare.formats.domains import registered
from safecare.formats.mail import FREE, Contact, Mail, MailFacts, addresses

MOST = 20
"""Recipients of a mail of the house that are told. Chosen: who writes to more at once sends a circular."""


def contact_of(mail: Mail, facts: MailFacts, own: Iterable[str] = ()) -> Contact:
    """Return who writes to whom in `mail`; `own` are the mail domains of the hospital."""
    headers, home = mail.mime.headers, {registered(one) for one in own}
    visible = addresses(headers, "From")
    if len(visible) != 1:
        return Contact()
    domain = visible[0][1]
    base, told = registered(domain), vouched(headers, registered(domain))
    if base not in home:
        address = next((one for one in sorted(addresses_of(headers, "From")) if one.endswith(f"@{domain}")), "")
        return Contact(_key(address), "mail.auth.aligned" in told)
    failed = any(one.startswith("mail.auth.") and one.endswith(".fail") for one in facts.facts)
    if failed or "mail.auth.unaligned" in told:
        return Contact(base)
    written = sorted(addresses_of(headers, "To") | addresses_of(headers, "Cc"))
    keys = dict.fromkeys(_key(one) for one in written if registered(one.rpartition("@")[2]) not in home)
    return Contact(base, vouched=True, written_to=tuple(keys) if len(keys) <= MOST else ())


def _key(address: str) -> str:
    """Return the domain of a firm's address, and the whole address where anyone has a mail box."""
    domain = address.rpartition("@")[2]
    base = registered(domain)
    return address if base in FREE or hosted(domain) else base


__all__ = ["contact_of"]
