"""Reports of mail servers: a mail was not delivered, is late, or was read. They speak of full mail boxes of others.

What a server says in its report, and the mail that it gives back, is no ask of the reader. A report has a form that
machines read (RFC 3464, RFC 8098, RFC 5965), or comes from nobody (RFC 5321, 4.5.5: an empty return path) in plain
words. A feigned report wants a click: with a link to anywhere but the server's own or a known organisation's, it is
judged like any mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.mail.evidence import EVIDENCE
from safecare.formats.brands import known
from safecare.formats.domains import host_of, registered
from safecare.formats.html import read_html
from safecare.formats.mail import Mail, addresses
from safecare.formats.mime import MimePart
from safecare.formats.wrapped import unwrapped

STATUS = frozenset(
    f"message/{one}"
    for one in (
        "delivery-status",
        "disposition-notification",
        "feedback-report",
        "global-delivery-status",
        "global-disposition-notification",
    )
)
"""Media types of the part that machines read."""
_STATUS_FIELD = re.compile(
    rb"(?im)^(?:Reporting-(?:MTA|UA)|Final-Recipient|Original-Recipient|Feedback-Type|Disposition)[ \t]*:"
)
_SERVERS = re.compile(r"(?i)\b(?:mailer-daemon|postmaster|mail-?delivery-?(?:sub)?system)\b[^@\s]{0,20}@|<>")
"""Names under which mail servers write (RFC 2142, RFC 5321)."""
_LINK = re.compile(r"https?://[^\s<>\"')\]]{3,2000}", re.IGNORECASE)
_STRONG = 0.5
"""Strength from which a fact of a sender, a link or a disguise holds even in a report. Chosen: it shows an intent."""
_KEPT = frozenset(
    {"mail.auth.dmarc.fail", "mail.auth.spf.fail", "mail.auth.composite.fail", "mail.gateway.spam", "mail.gateway.sure"}
)
MUTED = frozenset(
    name
    for name, one in EVIDENCE.items()
    if name not in _KEPT and (one.kind in ("request", "order", "header", "vouch") or one.strength < _STRONG)
) | {"mail.thread.lookalike", "mail.from.lookalike-reader"}
"""Facts that say nothing of a report: it names other servers, quotes their answers, and nothing vouches for nobody."""


def is_report(mail: Mail) -> bool:
    """Tell whether `mail` is a report of a mail server whose own words lead nowhere else."""
    headers = mail.mime.headers
    status = [place for place, part in enumerate(mail.mime.parts) if part.media in STATUS]
    if headers.get_content_type() == "multipart/report" and status:
        if not any(_STATUS_FIELD.search(mail.mime.parts[place].body[:8000]) for place in status):
            return False
        own = mail.mime.parts[: status[0]]
    elif _from_nobody(mail):
        own = mail.mime.parts
    else:
        return False
    senders = {registered(domain) for _, domain in addresses(headers, "From")}
    return all(known(host) or registered(host) in senders for part in own[:5] for host in _led(part))


def is_status(part: MimePart) -> bool:
    """Tell whether a part is what machines read of a report: its fields look like those of a mail."""
    return part.media in STATUS and bool(_STATUS_FIELD.match(part.body[:400].lstrip()))


def _from_nobody(mail: Mail) -> bool:
    """Tell whether a server wrote the mail in plain words, by itself and without files."""
    headers = mail.mime.headers
    itself = (
        "<>" in str(headers.get("Return-Path", ""))[:10]
        or str(headers.get("Auto-Submitted", "no")).strip().lower()[:5] == "auto-"
    )
    return bool(itself and _SERVERS.search(str(headers.get("From", ""))[:400]) and not mail.pages and not mail.files)


def _led(part: MimePart) -> Iterator[str]:
    """Yield the hosts to which the words of a part lead."""
    text = part.text[:100_000]
    targets = [target for target, _ in read_html(text).links] if part.media == "text/html" else _LINK.findall(text)
    for target in targets[:50]:
        if host := host_of(unwrapped(target)):
            yield host


__all__ = ["MUTED", "is_report", "is_status"]
