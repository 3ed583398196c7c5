"""Who writes to whom, as the fields of a mail tell: its readers, and senders that pass on what others wrote. Pure."""

from __future__ import annotations

import re
from email.message import Message

from safecare.formats.domains import registered
from safecare.formats.mail import Mail


def relays_for_others(headers: Message, facts: set[str], *, own: bool) -> bool:
    """Tell whether the sender only passes on what another wrote, to whom answers go.

    A list that writes in its own name for its members (as DMARC makes it do), or a form on the house's own pages.
    """
    sender = addresses_of(headers, "From")
    if "mail.list.vouched" in facts:
        return bool(sender) and sender <= addresses_of(headers, "List-Post")
    reached = addresses_of(headers, "Delivered-To") | addresses_of(headers, "X-Original-To")
    itself = "mail.auth.aligned" in facts and "mail.from.self" in facts
    return itself and (own or (bool(sender) and sender <= reached))


def readers(headers: Message, mail: Mail) -> set[str]:
    """Return the registered domains of those to whom a mail is addressed.

    Whoever writes to the own address and hides the readers (as masses are sent) is no one of the readers' house.
    """
    to = addresses_of(headers, "To")
    if to and to <= addresses_of(headers, "From") and "mail.from.own" not in mail.facts:
        to = (
            addresses_of(headers, "Cc") | addresses_of(headers, "Delivered-To") | addresses_of(headers, "X-Original-To")
        )
    return {registered(one.rpartition("@")[2]) for one in to}


def addresses_of(headers: Message, name: str) -> set[str]:
    """Return the plain addresses in the fields `name`, lower case."""
    found = re.findall(
        r"[\w.+-]{1,64}@[\w.-]{1,190}", " ".join(str(one)[:4000] for one in headers.get_all(name, [])[:5])
    )
    return {one.lower() for one in found}


__all__ = ["addresses_of", "readers", "relays_for_others"]
