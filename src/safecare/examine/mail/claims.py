"""Whom a mail speaks for, and whether anything in it belongs to them.

An organisation is claimed by the sender's name, by how the text speaks (``your PayPal account``), by a logo, or by an
address that a link shows. What an honest mail of theirs has, a phisher can't have: a sender or a link at a domain of
theirs (`safecare.formats.brands`).
"""

from __future__ import annotations

import re

from safecare.examine.mail.names import hosted
from safecare.formats.brands import belongs, known, led_to, of_state, same_owner, spoken_for, worn, writes_for
from safecare.formats.domains import host_of, registered
from safecare.formats.mail import FREE, Mail
from safecare.formats.mail_links import SHORT
from safecare.formats.wording import level
from safecare.formats.wrapped import unwrapped

_ASKING = ("mail.lure.", "mail.text.credentials", "mail.text.storage", "mail.text.urgency", "mail.text.money")
_ACCESS = frozenset({"mail.lure.account", "mail.text.credentials", "mail.text.storage", "mail.text.urgency"})
_SLIGHT = frozenset({"mail.lure.now", "mail.lure.click"})
_SHOWN = re.compile(r"(?:https?://)?((?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24})(?:[/?#:]|$)", re.IGNORECASE)
_LOGO = re.compile(
    r"(?i)(?:clearbit\.com/|favicons?\?[^ ]{0,80}?domain(?:_url)?=|/icons?/)(?:https?://)?([\w.-]{4,100})"
)
"""Services that give out any company's logo by its domain."""

_SHARING = re.compile(r"\b(onedrive|sharepoint|docusign|dropbox|google drive|wetransfer|adobe sign|yousign)\b")
_ODD = frozenset(
    f"mail.link.{one}" for one in ("hosted", "cheap-ending", "random", "shortened", "recipient", "redirect")
)
"""Services by which files are shared, and links that they would not give."""
_EVERYWHERE = frozenset({"facebook", "instagram", "linkedin", "whatsapp", "google"})
"""Organisations to whose pages all kinds of mail lead, by links that count."""
INTERNAL = re.compile(
    r"\b(?:(?:identity|account|password|authentication|mfa) (?:team|desk|admin\w*|services?)|"
    r"it (?:support|service|helpdesk|help ?desk|department|team|admin)|help ?desk|service informatique|dsi|dsn|"
    r"support (?:it|informatique|technique)|webmail|mail ?server|mail ?admin|postmaster|"
    r"administrat(?:or|eur)|messagerie|rh|drh|hr|human resources|ressources humaines|payroll|(?:service )?paie|"
    r"direction (?:generale|medicale|informatique|des soins|des ressources humaines|de l'hopital|du (?:chu|ch|site)))\b"
)
"""Services that a hospital's staff takes for its own."""


def claims(mail: Mail, display: str, domain: str, facts: set[str]) -> set[str]:
    """Return the facts of organisations that the mail speaks for and that it has nothing of.

    `facts` are those known so far. Colleagues and mail within a thread speak of companies, not for them.
    """
    forged = "mail.auth.dmarc.fail" in facts
    if not domain or "mail.thread" in facts or ("mail.from.own" in facts and not forged):
        return set()
    asks = any(one.startswith(_ASKING) for one in facts - _SLIGHT)
    vouched = "mail.auth.aligned" in facts
    hosts = _hosts(mail)
    found: set[str] = set()
    names = worn(display)
    if names and _strange(names, domain, hosts):
        if asks or not vouched or "mail.from.freemail" in facts:
            found.add("mail.brand.sender")
        elif hosts:
            found.add("mail.brand.name")
    warns = vouched and of_state(domain)  # a state's body tells what others are told in its or others' name
    if asks and hosts and not warns and (speaks_for_others(mail, facts, domain) or _logo(mail, domain, hosts)):
        found.add("mail.brand.spoken")
    access = bool(facts & _ACCESS)  # payroll portals and the like write for hospitals, but ask for nothing of that
    outside = "mail.from.inside" not in facts and not of_a_known_one(mail, domain, facts)
    if asks and (access or not vouched) and outside and INTERNAL.search(level(display[:200])):
        found.add("mail.from.internal")
    if asks and "mail.link.recipient" in facts:
        found.add("mail.link.prefilled")
    return found | shown_claims(mail, facts, domain)


def shown_claims(mail: Mail, facts: set[str], domain: str = "") -> set[str]:
    """Return the facts of organisations to which links claim to lead by what they show, and don't."""
    found: set[str] = set()
    hosts = _hosts(mail)
    if hosts and any(one and _strange(frozenset({one}), domain, hosts) for one in _buttons(mail)):
        found.add("mail.brand.link")
    if "mail.news" not in facts and _false_address(mail, domain, facts):  # news counts clicks
        found.add("mail.brand.address")
    return found


def speaks_for_others(mail: Mail, facts: set[str], domain: str = "") -> bool:
    """Tell whether the text speaks as an organisation to which neither `domain`, the sender's, nor a link belongs."""
    spoken = spoken_for(mail.levelled)
    if "mail.lure.document" in facts and facts & _ODD:
        spoken |= frozenset(_SHARING.findall(mail.levelled))
    return bool(spoken) and _strange(spoken, domain, _hosts(mail))


def wears_others(mail: Mail, head: str) -> bool:
    """Tell whether `head`, by which a text is headed, is the name of an organisation to which no link belongs."""
    names = worn(head)
    return bool(names) and _strange(names, "", _hosts(mail))


def _hosts(mail: Mail) -> frozenset[str]:
    return frozenset(filter(None, (host_of(unwrapped(target)) for target, _ in mail.links)))


def of_a_known_one(mail: Mail, domain: str, facts: set[str]) -> bool:
    """Tell whether a known organisation itself writes from `domain`.

    It is vouched for; or nothing was ever checked, and all links lead to known organisations.
    """
    if not known(domain) or registered(domain) in FREE:
        return False
    if "mail.auth.aligned" in facts:
        return True
    checked = "mail.auth.unaligned" in facts or any(
        one.startswith("mail.auth.") and one.endswith(".fail") for one in facts
    )
    hosts = {host_of(unwrapped(target)) for target, _ in mail.links} - {""}
    return not checked and bool(hosts) and all(known(one) and not hosted(one) for one in hosts)


def _buttons(mail: Mail) -> set[str]:
    """Return the names of the organisations to which links claim to lead, but those that every page links to."""
    return {led_to(shown) for _, shown in mail.links[:200]} - _EVERYWHERE


def _strange(names: frozenset[str], domain: str, hosts: frozenset[str]) -> bool:
    """Tell whether neither the sender nor a link belongs to any of those called `names`."""
    return not any(writes_for(domain, name) or any(belongs(host, name) for host in hosts) for name in names)


def _logo(mail: Mail, domain: str, hosts: frozenset[str]) -> bool:
    """Tell whether a picture is the logo of an organisation that the mail has nothing of.

    Newsletters end in a row of networks where their sender is to be found, behind links that count.
    """
    pictures = [(source, worn(instead)) for page in mail.pages for source, instead in page.pictures]
    networks = frozenset().union(*(names for _, names in pictures)) & _EVERYWHERE
    for source, names in pictures:
        if names and not (len(networks) > 1 and names <= networks) and _strange(names, domain, hosts):
            return True
        drawn = _LOGO.search(source)
        owner = drawn[1].lower() if drawn else host_of(source)
        if owner and known(owner) and not any(same_owner(owner, one) for one in (domain, *hosts)):
            return drawn is not None
    return False


def _false_address(mail: Mail, domain: str, facts: set[str]) -> bool:
    """Tell whether a link shows an address of a known organisation and leads elsewhere.

    Counting links of the sender's own domain, or of whoever the organisation itself lets send, are honest.
    """
    for target, text in dict.fromkeys(mail.links):
        shown = _SHOWN.match(text.strip()) if text else None
        host = host_of(unwrapped(target))
        if not shown or not host:
            continue
        claimed = shown[1].lower()
        if not known(claimed) or same_owner(claimed, host) or same_owner(claimed, domain):
            continue
        counting = host.endswith(domain) and facts & {"mail.auth.aligned", "mail.list"}
        if host in SHORT or not counting:
            return True
    return False


__all__ = ["INTERNAL", "claims", "of_a_known_one", "shown_claims", "speaks_for_others", "wears_others"]
