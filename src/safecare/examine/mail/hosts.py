"""Where links lead: facts about their hosts, which are weak hints one by one."""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import base64
import re
from functools import lru_cache

from safecare.examine.mail.names import (
    BROKEN_IN,
    CHEAP,
    REDIRECTS,
    UPLOADED,
    alarming,
    brand_elsewhere,
    ending,
    hosted,
    random_name,
)
from safecare.formats.brands import known
from safecare.formats.domains import (
    COMMON,
    host_of,
    imitates,
    is_address,
    label,
    mixed_script,
    registered,
    skeleton,
)
from safecare.formats.mail import BRANDS, FREE, Mail, addresses
from safecare.formats.mail_links import SHORT
from safecare.formats.mime import decoded
from safecare.formats.wrapped import guarded, unwrapped

BRAND_BASES = frozenset(registered(one) for one in BRANDS)
BRAND_NAMES = frozenset(skeleton(label(one)) for one in BRANDS if len(label(one)) >= 3)
COMMON_NAMES = frozenset(skeleton(one) for one in COMMON)
"""Brands, by domain and by what their names look like; those that are words of the language, too."""
_PUBLIC = frozenset(
    skeleton(one) for one in ("facebook", "twitter", "linkedin", "instagram", "google", "paypal", "whatsapp")
)
"""Brands whose names stand in the addresses of honest pages: buttons to share, to sign in and to pay."""
_WORN = BRAND_NAMES - COMMON_NAMES - _PUBLIC
_ASIDE = frozenset(
    "facebook.com instagram.com twitter.com x.com youtube.com linkedin.com pinterest.com tiktok.com apple.com".split()
)
"""Where organisations show themselves besides their own pages, at the foot of their mail."""
_ASIDE_HOSTS = frozenset({"play.google.com"})
_WITHIN = re.compile(r"https?(?::|%3a)(?:/|%2f){2}([\w.-]{1,253})", re.IGNORECASE)
_SENDING = re.compile(r"[\w.+-]{3,64}@[\w.-]{3,190}")


def host_facts(mail: Mail, base: str, *, relayed: bool = False) -> set[str]:
    """Return the facts of where the links of `mail` lead, whose sender's registered domain is `base`.

    `relayed`: the sender passes on what another wrote.
    """
    facts: set[str] = set()
    to = [
        address for value in mail.mime.headers.get_all("To", [])[:3] for address in _SENDING.findall(str(value)[:4000])
    ]
    tokens = {one.lower() for one in to} | {base64.b64encode(one.encode()).decode().rstrip("=").lower() for one in to}
    bases: set[str] = set()
    inner: set[str] = set()
    for target, _ in dict.fromkeys(mail.links):
        if target[:7].lower() == "mailto:":
            if (
                registered(target[7:].partition("?")[0].rpartition("@")[2].strip().lower() or "x") in FREE
                and base not in FREE
            ):
                facts.add("mail.link.mailto-freemail")
            continue
        host = host_of(target)
        if not host:
            continue
        path = target.partition("//")[2].partition("/")[2]
        if not guarded(host):  # where to, the gateway doesn't tell
            bases.add(registered(host))
        inner.update(one.lower() for one in _WITHIN.findall(target[:4000]))
        facts |= facts_of_host(target, host, path) - (_BY_THEMSELVES if own_page(target, host, base) else set())
        low = target.lower()
        if (
            any(token in low for token in tokens)
            and (hosted(host, "/" + path) or not known(host))
            # Their own house knows who they are.
            and not any(one.lower().endswith("@" + registered(host)) for one in to)
        ):
            facts.add("mail.link.recipient")
            if any(token in low.partition("#")[2] for token in tokens):
                facts.add("mail.link.fragment")
    others = bases - {base}
    if base and len(others) == 1 and base not in bases and not any(map(known, others)) and not others & BRAND_BASES:
        facts.add("mail.link.foreign-only")
    sound = not mail.files and not any(one.startswith("mail.link.") for one in facts)
    if sound and (_home(base, bases, inner) or ((relayed or by_hand(mail)) and _all_known(bases, inner))):
        facts.add("mail.link.home")
    return facts


def _home(base: str, bases: set[str], inner: set[str]) -> bool:
    """Tell whether links to `bases`, with the hosts `inner` in them, only lead to a known organisation, the sender's.

    Whoever writes in its name sends its reader to the organisation itself and gains nothing.
    """
    if base not in bases or base in FREE or not (known(base) or base in BRAND_BASES):
        return False
    if not bases <= {base, *_ASIDE, *map(registered, _ASIDE_HOSTS)}:
        return False
    return all(registered(one) in {base, *_ASIDE} or one in _ASIDE_HOSTS for one in inner)


def worn_by_its_owner(mail: Mail, base: str) -> bool:
    """Tell whether each host that wears a known name wears that of `base`: pages of a customer at a service."""
    hosts = {host_of(target) for target, _ in mail.links[:200]} - {""}
    return all(label(base) in one.split(".") for one in hosts if "mail.link.brand-elsewhere" in _of_name(one))


def only_itself(mail: Mail, display: str, base: str) -> bool:
    """Tell whether a service is called like its own domain `base` and leads nowhere else (networks aside).

    It may be a stranger's, but imitates nobody: no account of others can be lost to it. Endings that are mostly
    abused and names that look drawn or alarming are left out.
    """
    own = label(base)
    bases = {registered(host) for target, _ in mail.links if (host := host_of(target))}
    if len(own) < LEAST_NAME or not bases or mail.files or ending(base) in CHEAP or random_name(base):
        return False
    if own.replace("-", "") not in "".join(_LETTERS.findall(skeleton(display))):
        return False
    return all(label(one) == own or one in _ASIDE for one in bases) and not alarming(base)


LEAST_NAME = 5
"""Letters of a service's name that tell it from others. Chosen."""
_LETTERS = re.compile(r"[a-z0-9]+")


def gains_nothing(mail: Mail, base: str) -> bool:
    """Tell whether whoever forged the sender's domain `base` would gain nothing by it.

    All links lead to that domain, answers go there, there is no file, and no number, account or address of others to
    turn to (a row of digits stands for them).
    """
    if not base or base in FREE or hosted(base) or mail.files:
        return False
    answers = {registered(one) for _, one in addresses(mail.mime.headers, "Reply-To")}
    links = {registered(host_of(target) or "x") for target, _ in mail.links[:200]}
    if not answers | links <= {base}:
        return False
    plain = _LINK.sub(" ", mail.text[:20_000])
    written = {registered(one.lower()) for one in _ADDRESSED.findall(plain)}
    return written <= {base} and not _DIGITS.search(plain)


_LINK = re.compile(r"https?://\S+")
_ADDRESSED = re.compile(r"@([\w-]{1,63}(?:\.[\w-]{1,63}){1,5})")
_DIGITS = re.compile(r"\d(?:[ .()/-]{0,2}\d){8}|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3}|\b(?:bc1|0x)[0-9A-Za-z]{20}")
"""Telephone numbers, bank accounts, wallets."""


def by_hand(mail: Mail) -> bool:
    """Tell whether the mail is one that its sender got and passes on, with the head of what was passed on in it."""
    return bool(_PASSED.match(decoded(str(mail.mime.headers.get("Subject", "")))) and _HEAD.search(mail.text[:8000]))


_PASSED = re.compile(r"(?i)\s*(?:fwd?|tr|wg|rv|i|doorst|enc|vs|pd)\s?:")
_HEAD = re.compile(r"(?im)^[>\s*]*(?:from|de|von|van|da|från|od)\s?:\s?.{0,200}?@[\w.-]{3,190}")
"""What mail programs write before the subject, and above the text, of a mail that is passed on by hand."""


def _all_known(bases: set[str], inner: set[str]) -> bool:
    """Tell whether links to `bases`, with the hosts `inner` in them, lead to known organisations' own pages only."""
    return bool(bases) and all(one not in FREE and known(one) and not hosted(one) for one in bases | inner)


def facts_of_host(target: str, host: str, path: str) -> set[str]:
    """Return the facts of one address."""
    if is_address(host):
        return set()
    facts = set(_of_name(host))
    if hosted(host, "/" + path):
        facts.add("mail.link.hosted")
    if BROKEN_IN.search(target) and not UPLOADED.search(target):
        facts.add("mail.link.broken-in")
    if REDIRECTS.match(target):
        facts.add("mail.link.redirect")
    return facts


@lru_cache(maxsize=8192)
def _of_name(host: str) -> frozenset[str]:
    """Return the facts that the name of `host` tells."""
    own = registered(host)
    facts: set[str] = set()
    if ending(own) in CHEAP and own not in SHORT:
        facts.add("mail.link.cheap-ending")
    if random_name(own):
        facts.add("mail.link.random")
    if alarming(own) and not known(own):
        facts.add("mail.link.alarm-words")
    if own not in BRAND_BASES and not known(own) and brand_elsewhere(host, _WORN):
        facts.add("mail.link.brand-elsewhere")
    return frozenset(facts)


_BY_THEMSELVES = {"mail.link.broken-in"}
_OWN_PAGE = re.compile(r"(?i)/wp-admin/[\w-]{1,40}\.php\?action=|/wp-login\.php")


def own_page(target: str, host: str, base: str) -> bool:
    """Tell whether a site (WordPress) leads its keeper to a page of its program: a comment to allow, a password."""
    return registered(host) == base and bool(_OWN_PAGE.search(target))


def doubtful(target: str) -> bool:
    """Tell whether the address `target`, met in a file that a mail carries, is one that lures lead to.

    Anyone can put a page there, its end is hidden, or its name is made up or imitates a known one.
    """
    target = unwrapped(target)
    host = host_of(target)
    if not host or (known(host) and not hosted(host)):
        return False
    path = target.partition("//")[2].partition("/")[2]
    return (
        is_address(host)
        or registered(host) in SHORT
        or mixed_script(host)
        or bool(imitates(host, BRANDS, endings=False))
        or bool(facts_of_host(target, host, path) - {"mail.link.redirect"})
    )


__all__ = ["BRAND_BASES", "BRAND_NAMES", "COMMON_NAMES", "by_hand", "doubtful", "host_facts"]
