"""Who vouches for a mail: checks of the receiving server as it wrote them down, and the verdicts of filters before us.

Only fields above the first `Received` of the receiving organisation can be trusted; since a copy reaches us after
the hospital's own server, its fields stand on top. Source: RFC 8601 (Authentication-Results), RFC 7489 (alignment:
the checked domain must be the visible sender's), Microsoft Learn "Anti-spam message headers" (SCL, compauth, dest).
A filter's bad verdict is believed, a good one gives nothing: anyone can write it.
"""

from __future__ import annotations

import re
from email.message import Message
from itertools import takewhile

from safecare.formats.domains import registered
from safecare.formats.mail import FREE
from safecare.formats.mime import decoded

_METHOD = re.compile(r"\b(spf|dkim|dmarc|compauth|arc)\s*=\s*([a-z]+)([^;]{0,300})", re.IGNORECASE)
_COMMENT = re.compile(r"\([^()]{0,300}\)")
"""A comment, in which a semicolon ends nothing (RFC 8601 section 2.2): ``dkim=pass (2048-bit key; unprotected)``."""
_ASKS_NOTHING = re.compile(r"\b(?:p|policy)\s*=\s*none\b|\baction\s*=\s*none\b")
"""The sender's domain wants nothing done about mail that it did not send (RFC 7489 section 6.3: ``p=none``)."""
_SPF_DOMAIN = re.compile(r"smtp\.mail(?:from)?\s*=\s*[\"<]?(?:[^\s@;\"<>]{0,100}@)?([\w.-]{1,190})", re.IGNORECASE)
_DKIM_DOMAIN = re.compile(r"header\.(?:d|i)\s*=\s*[\"<]?(?:[^\s@;\"<>]{0,100}@)?([\w.-]{1,190})", re.IGNORECASE)
_LIST_DOMAIN = re.compile(r"[@.<]([\w-]{1,63}\.[\w.-]{2,190})")
_SPF_WRITER = re.compile(r"[a-z]+ \(((?:[\w-]{1,63}\.){1,8}[a-z]{2,24}):")
_BY = re.compile(r"\bby ((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})\b")
_SCL = re.compile(r"^\s*(\d{1,2})")
_FOREFRONT = re.compile(r"\b(SCL|SFV|CAT):([A-Z0-9]+)")
_LOCAL_USER = re.compile(r"^<?(?:root|www-data|apache|nobody|httpd|daemon|ubuntu|ec2-user|admin)@", re.IGNORECASE)
_BAD_WORDS = frozenset({"SPM", "PHSH", "HPHSH", "HPHISH", "PHISH", "MALW", "SPOOF", "HSPM", "UIMP", "DIMP", "GIMP"})
_BULK = re.compile(r"\bBCL:(\d)\b")
SEALERS = frozenset({"google.com", "microsoft.com"})
"""Whose seals on what they found of a sender are believed where the receiving server found the chain whole (RFC 8617,
section 9.2: the reader's choice). Chosen: the two that carry most mail between lists, tenants and forwarding boxes."""
_SEALED_BY = re.compile(r"(?:^|;)\s*d\s*=\s*([\w.-]{1,190})", re.IGNORECASE)
_FIRST_SEAL = re.compile(r"\s*i\s*=\s*1\s*;")
_FOUND_FROM = re.compile(r"\bdmarc\s*=\s*pass\b[^;]{0,300}?\bheader\.from\s*=\s*([\w.-]{1,190})", re.IGNORECASE)
BROKEN_ON_THE_WAY = frozenset({"mail.auth.dmarc.fail", "mail.auth.dkim.fail", "mail.auth.spf.fail"})
"""What passing a mail on breaks."""
COMPLAINTS = 7
"""Bulk complaint level (Microsoft: 0-9) from which mail goes to junk by default."""
SURE = 7
"""Spam confidence level (Microsoft: 0-9) from which the filter is sure; from 5 on it says spam."""


def results(headers: Message) -> list[tuple[str, str, str]]:
    """Return (method, result, rest) of the topmost writer's `Authentication-Results`, lower case."""
    found: list[tuple[str, str, str]] = []
    writer: str | None = None
    for raw in headers.get_all("Authentication-Results", [])[:20]:
        value = _COMMENT.sub(_level_comment, " ".join(decoded(str(raw)[:4000]).split()))
        first = value.split(";")[0].strip()
        name = "" if "=" in first else first
        if writer is not None and name != writer:
            break
        writer = name
        found += [(method.lower(), result.lower(), rest.lower()) for method, result, rest in _METHOD.findall(value)]
    if not any(method == "spf" for method, _, _ in found):
        received = " ".join(str(headers.get("Received-SPF", ""))[:1000].split()).lower()
        if received and not _of_an_earlier_host(headers, received):
            envelope = re.search(r"envelope-from=[\"<]?([^\s;\">]{1,200})|domain of ([^\s]{1,200})", received)
            domain = (envelope[1] or envelope[2]).rpartition("@")[2] if envelope else ""
            found.append(("spf", received.split()[0].rstrip(";:("), f"smtp.mailfrom={domain}"))
    return found


def _level_comment(found: re.Match[str]) -> str:
    return found[0].replace(";", ",")


def _of_an_earlier_host(headers: Message, received: str) -> bool:
    """Tell whether a host before the receiving one wrote `received`: none above it is called as its writer is."""
    writer = _SPF_WRITER.match(received)
    above = list(takewhile(lambda one: one[0].lower() != "received-spf", headers.items()))[:200]
    told = (_BY.search(" ".join(str(value)[:2000].split())) for name, value in above if name.lower() == "received")
    hosts = {registered(found[1].lower()) for found in told if found}
    return writer is not None and bool(hosts) and registered(writer[1]) not in hosts


def vouched(headers: Message, base: str) -> set[str]:
    """Return the facts of who vouches for `base`, the registered domain of the visible sender."""
    facts: set[str] = set()
    known = results(headers)
    lists = _list_domains(headers)
    aligned = lenient = serviced = False
    for method, result, rest in known:
        if method == "compauth" and result == "fail":
            facts.add("mail.auth.composite.fail")
        if (method, result) == ("dmarc", "none"):
            facts.add("mail.auth.dmarc.none")
        lenient |= (method, result) == ("dmarc", "fail") and bool(_ASKS_NOTHING.search(rest))
        if result not in ("pass", "bestguesspass"):
            continue
        if method == "dmarc":
            aligned = True
        pattern = {"spf": _SPF_DOMAIN, "dkim": _DKIM_DOMAIN}.get(method)
        domain = pattern.search(rest) if pattern else None
        serviced |= domain is not None
        aligned |= bool(domain and base and registered(domain[1]) == base)
        if domain and registered(domain[1]) in lists:
            facts.add("mail.list.vouched")
    if not aligned and any(one[:2] == ("arc", "pass") for one in known) and _sealed(headers, base):
        aligned = True
        facts.add("mail.auth.sealed")
    if lenient and serviced:
        facts.add("mail.auth.dmarc.lenient")
    if known:
        facts.add("mail.auth.aligned" if aligned else "mail.auth.unaligned")
    return facts | _envelope(headers)


def as_written(facts: set[str], writer: str) -> set[str]:
    """Return the `facts` by which is judged what the one who wrote, at the domain `writer`, wants of the reader.

    The fields of a list are no licence where the sender was checked: anyone writes them (RFC 2369), and a list vouches
    for the way that a mail took, not for whoever wrote to it.
    """
    if facts.isdisjoint(("mail.auth.aligned", "mail.auth.unaligned")):
        return facts
    private = {"mail.from.freemail"} if "mail.list" in facts and registered(writer) in FREE else set()
    return (facts - {"mail.list"}) | private


def _sealed(headers: Message, base: str) -> bool:
    """Tell whether hosts that are believed passed the mail on, the first of which found that `base` had sent it."""
    seals = [_SEALED_BY.search(str(one)[:4000]) for one in headers.get_all("ARC-Seal", [])[:10]]
    if not base or not seals or not all(one and one[1].lower() in SEALERS for one in seals):
        return False
    first = [str(one)[:4000] for one in headers.get_all("ARC-Authentication-Results", [])[:10]]
    found = [name for one in first if _FIRST_SEAL.match(one) for name in _FOUND_FROM.findall(" ".join(one.split()))]
    return bool(found) and all(registered(one.lower()) == base for one in found)


def _list_domains(headers: Message) -> set[str]:
    """Return the registered domains of the list by which a mail says it came (RFC 2369, RFC 2919)."""
    told = " ".join(str(headers.get(name, ""))[:400] for name in ("List-Id", "List-Post", "List-Help")).lower()
    return {registered(one.strip(".")) for one in _LIST_DOMAIN.findall(told)}


def _envelope(headers: Message) -> set[str]:
    """Return the facts of the envelope sender: a machine's own account, or a host that has no domain."""
    path = str(headers.get("Return-Path", "")).strip()[:400]
    host = path.rpartition("@")[2].strip("<> ").lower()
    if _LOCAL_USER.match(path) or (
        host and ("." not in host or host.endswith((".localdomain", ".local", ".internal")))
    ):
        return {"mail.return-path.machine"}
    return set()


def gateway(headers: Message) -> set[str]:
    """Return what filters before us said: ``mail.gateway.spam``, ``.sure`` or ``.bulk``."""
    level = 0
    for field in ("X-MS-Exchange-Organization-SCL", "X-SCL"):
        found = _SCL.match(str(headers.get(field, "")))
        level = max(level, int(found[1]) if found else 0)
    report = str(headers.get("X-Forefront-Antispam-Report", ""))[:4000]
    passed = str(headers.get("X-Forefront-Antispam-Report-Untrusted", ""))[:4000]  # of the tenant that sent it on
    for name, value in _FOREFRONT.findall(report + passed):
        if name == "SCL" and value.isdigit():
            level = max(level, int(value))
        elif value in _BAD_WORDS:
            level = max(level, 5 if value in ("SPM", "UIMP", "DIMP", "GIMP") else SURE)
    delivery = str(headers.get("X-Microsoft-Antispam-Mailbox-Delivery", ""))[:4000]
    if "dest:J" in delivery or "RF:JunkEmail" in delivery:
        level = max(level, 5)
    for field in ("X-Spam-Flag", "X-Spam-Status", "X-Spam", "X-Spamd-Bar", "X-YMail-Spam", "X-Barracuda-Spam-Status"):
        if re.match(r"\s*(?:yes\b|true\b|\+{6})", str(headers.get(field, ""))[:40], re.IGNORECASE):
            level = max(level, 5)
    if level >= 5:
        return {"mail.gateway.sure" if level >= SURE else "mail.gateway.spam"}
    bulk = _BULK.search(f"{headers.get('X-Microsoft-Antispam', '')}{report}"[:4000])
    return {"mail.gateway.bulk"} if bulk and int(bulk[1]) >= COMPLAINTS else set()
