"""What an outsider wants done at a page that anyone can set up: to sign in, to fetch a program, to read a paper."""

from __future__ import annotations

import re

from safecare.examine.mail.relations import by_form
from safecare.formats.mail import Mail
from safecare.formats.mail_links import file_shown
from safecare.formats.wording import Ask

_PAGES = frozenset({"mail.link.hosted", "mail.link.fragment", "mail.link.shortened", "mail.link.address"})
_ACCESS = frozenset({"mail.lure.account", "mail.text.credentials", "mail.text.storage"})
_WAITS = frozenset(
    {"mail.lure.document", "mail.lure.parcel", "mail.lure.payment", "mail.lure.prize", "mail.lure.crypto"}
)
SHORT_TEXT = 160
"""Letters of a mail that says nothing but "look here". Chosen: two lines and a name."""
_PAPERWORK = Ask.among(
    r"(?:see|review|check|find|verif\w+|consult\w+|voir|trouver|telecharg\w+|download)\b~(?:devis|factures?|commandes?|"
    r"contrats?|releves?|invoices?|quot(?:e|ation)s?|orders?|contracts?|statements?|timesheets?|remittance)\b",
    needs=("devis|facture|commande|contrat|releve|invoice|quot|order|contract|statement|timesheet|remittance",),
)
"""Papers of business, which firms send or keep at home, not on a page that anyone can set up."""

_VERIFIED = re.compile(r"\b(?:re-?)?(?:verif(?:y|i\w+)|validat\w+|authenti\w+)\b")
"""What staff is to do with itself or its account; surveys of unions and schools on such pages want answers only."""


def elsewhere(mail: Mail, facts: set[str]) -> set[str]:
    """Return the facts of what is wanted at such a page; `facts` are those known so far."""
    if "mail.list" in facts or not facts & _PAGES:
        return set()
    found: set[str] = set()
    if "mail.link.executable" in facts:
        found.add("mail.order.download")
    if "mail.thread" in facts:
        waits = "mail.link.hosted" in facts and _PAPERWORK.told(mail.levelled)
    else:
        waits = bool(facts & _WAITS) or any(file_shown(shown) for _, shown in mail.links[:200])
    if facts & _ACCESS or ("mail.text.house" in facts and _VERIFIED.search(mail.levelled)):
        found.add("mail.order.page")
    elif waits and "mail.from.own" not in facts:
        found.add("mail.order.elsewhere")
    elif (
        _words(mail) < SHORT_TEXT
        and not any(by_form(target) for target, _ in mail.links)
        and "mail.from.own" not in facts
    ):
        found.add("mail.order.look")
    return found


def _words(mail: Mail) -> int:
    """Return how long the text is (letters) without the addresses that stand in it."""
    text = mail.text.strip()
    return len(text) - sum(len(target) for target in {target for target, _ in mail.links[:20]} if target in text)


__all__ = ["elsewhere"]
