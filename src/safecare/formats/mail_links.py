"""Where the links of a mail lead: against what they show, and against whom their hosts imitate. Pure."""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re

from safecare.formats.attachment import ending
from safecare.formats.brands import known as genuine
from safecare.formats.domains import host_of, imitates, is_address, label, mixed_script, registered

SHORT = frozenset(
    "bit.ly t.co tinyurl.com goo.gl is.gd ow.ly cutt.ly rebrand.ly rb.gy t.ly shorturl.at urlz.fr lnkd.in".split()
)
_FETCHED = frozenset("exe scr js vbs hta lnk iso img vhd bat cmd ps1 msi jar zip rar 7z docm xlsm xll".split())
_SHOWN = re.compile(r"(?:https?://)?((?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24})(?:[/?#:]|$)", re.IGNORECASE)
_ODD_SCHEME = re.compile(r"\s*(?:javascript|data|vbscript|file|search-ms|ms-\w+):", re.IGNORECASE)
_AFTER_HOST = re.compile(r"[/?#\\]")
_DOCUMENTS = frozenset("pdf doc docx xls xlsx odt txt jpg png html htm".split())
_FILE_NAME = re.compile(r"(?i)\w\.(pdf|docx?|xlsx?|pptx?|od[tsp]|zip|rar|7z|one)(?: ?\([^()]{1,20}\))?\s*$")
"""The name of a file at the end of what a link shows, its size behind it."""
PRIVATE = frozenset("local internal lan intranet corp home arpa localdomain".split())
"""Endings of names within a house, which no registry gives (RFC 6762, appendix G; ICANN 2024: internal)."""
MAX_DOMAINS = 50
"""Link domains that are handed on. Chosen: a screen shows no more."""


def imitation(prefix: str, host: str, home: frozenset[str], brands: tuple[str, ...]) -> set[str]:
    """Return the facts (names begin with `prefix`) of whom `host` imitates: the hospital's own, `home`, or `brands`."""
    facts: set[str] = set()
    if registered(host) in home or genuine(host):
        return facts
    if mixed_script(host):
        facts.add(f"{prefix}.mixed-script")
    if prefix == "mail.link" and host.rpartition(".")[2] in PRIVATE:
        return facts
    if imitates(host, home):
        facts.add(f"{prefix}.lookalike-own")
    elif imitates(host, brands, endings=False):
        facts.add(f"{prefix}.lookalike-brand")
    return facts


LONG = 8
"""Letters of a reader's domain from which others are compared with it. Chosen: shorter ones are words and initials."""


def like_reader(prefix: str, host: str, addressed: frozenset[str]) -> set[str]:
    """Return the fact that `host` imitates the domain to which the mail is addressed, other than by its ending."""
    if not addressed or registered(host) in addressed or genuine(host) or host.rpartition(".")[2] in PRIVATE:
        return set()
    long = [one for one in addressed if len(label(one)) >= LONG]
    return {f"{prefix}.lookalike-reader"} if imitates(host, long, endings=False) else set()


def links_of(
    links: list[tuple[str, str]],
    home: frozenset[str],
    brands: tuple[str, ...],
    facts: set[str],
    addressed: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Add the facts of `links` and return the foreign domains that they lead to.

    `addressed`: the reader's domain as the mail tells it, where `home` is not known.
    """
    domains: dict[str, None] = {}
    imitations: dict[str, set[str]] = {}
    for target, shown in dict.fromkeys(links):
        if _ODD_SCHEME.match(target):
            facts.add("mail.link.odd-scheme")
        host = host_of(target)
        if not host or (registered(host) in home and not is_address(host)):
            continue
        domains[registered(host)[:100]] = None
        if host not in imitations:
            imitations[host] = imitation("mail.link", host, home, brands) | like_reader("mail.link", host, addressed)
        facts |= imitations[host] | _link(target, host)
        document = file_shown(shown)
        if document and document not in _FETCHED and _fetches(target):
            facts.add("mail.link.false-file")
        claimed = _SHOWN.match(shown.strip()) if shown else None
        if claimed and not _file_name(claimed.group(1)) and registered(claimed.group(1)) != registered(host):
            facts.add("mail.link.text-mismatch")
    return tuple(sorted(domains))[:MAX_DOMAINS]


def _file_name(shown: str) -> bool:
    return shown.count(".") == 1 and shown.rsplit(".", 1)[-1].lower() in _DOCUMENTS


def file_shown(shown: str) -> str:
    """Return the ending of the file whose name a link shows, as if it were one; empty if it shows none."""
    found = _FILE_NAME.search(shown[-80:]) if shown else None
    return found[1].lower() if found else ""


def _fetches(target: str) -> bool:
    return target.count("/") > 2 and ending(target.partition("?")[0].partition("#")[0]) in _FETCHED


def _link(target: str, host: str) -> set[str]:
    facts = {"mail.link.any"}
    if is_address(host):
        facts.add("mail.link.address")
    if registered(host) in SHORT:
        facts.add("mail.link.shortened")
    if "@" in target and "@" in _AFTER_HOST.split(target.split("//", 1)[-1], maxsplit=1)[0]:
        facts.add("mail.link.user-info")
    if _fetches(target):
        facts.add("mail.link.executable")
    return facts


__all__ = ["MAX_DOMAINS", "PRIVATE", "SHORT", "file_shown", "imitation", "links_of"]
