"""The DNS, asked for what SPF, DKIM and DMARC need: one resolver that the site names; answers are kept for their time.

Without such a setting nothing is ever asked. Whatever goes wrong is a `Reply` that failed, never an error. Source: RFC
1035, RFC 2308 (how long to remember that there is nothing).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from safecare.formats.mail_auth import MOST_RECORDS, MOST_TEXT, Query, Reply
from safecare.formats.mail_auth.spf import Asking

SECONDS = 2.0
"""What one question may take. Chosen: a resolver of the house answers in milliseconds."""
PATIENCE = 8.0
"""What the questions of one mail may take together. Chosen: its sender waits."""
MOST_KEPT = 10_000
"""Answers that are kept. Chosen: the senders of a day of a large hospital."""
LEAST_KEPT, LONGEST_KEPT = 30.0, 86_400.0
"""Seconds that an answer is kept at least and at most, whatever it says. Chosen."""
NOTHING_KEPT = 300.0
"""Seconds that it is remembered that there is nothing. Chosen: below most zones' own."""
FAILED_KEPT = 10.0
"""Seconds in which a name that gave no answer is not asked again. Chosen: one dead domain is not asked by each mail."""


class _Kept(NamedTuple):
    reply: Reply
    until: float


class Resolver:
    """Asks the resolver at `place` (``host`` or ``host:port``) over UDP, TCP for long answers; for any thread."""

    def __init__(self, place: str, *, clock: Callable[[], float] = time.monotonic, seconds: float = SECONDS) -> None:
        """Take the address, a clock (s), and the time of one question (s). Raises `ValueError` for no address."""
        import ipaddress

        host, colon, port = place.rpartition(":") if place.count(":") == 1 or "]:" in place else (place, "", "")
        try:
            self._host, self._port = str(ipaddress.ip_address(host.strip("[]"))), int(port) if colon else 53
        except ValueError as error:
            raise ValueError(f"not an address like 10.0.0.53 or 10.0.0.53:53: {place}") from error
        self._clock, self._seconds = clock, seconds
        self._kept: OrderedDict[Query, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self.told = ("waiting", f"DNS at {place}")
        """State and detail for the health page."""

    def ask(self, query: Query) -> Reply:
        """Return the answer; blocking for at most the time of one question."""
        now = self._clock()
        with self._lock:
            kept = self._kept.get(query)
            if kept and kept.until > now:
                self._kept.move_to_end(query)
                return kept.reply
        reply, keep = self._asked(query)
        with self._lock:
            self._kept[query] = _Kept(reply, self._clock() + keep)
            self._kept.move_to_end(query)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return reply

    def all(self, queries: Iterable[Query]) -> dict[str, Reply]:
        """Return the answers by `Query.key`; what the patience for one mail does not reach has failed."""
        end = self._clock() + PATIENCE
        return {one.key: self.ask(one) if self._clock() < end else Reply(failed=True) for one in queries}

    def follow(self, asking: Asking) -> str:
        """Answer the questions of a check until it ends, and return its result."""
        end = self._clock() + PATIENCE
        try:
            query = next(asking)
            while True:
                query = asking.send(self.ask(query) if self._clock() < end else Reply(failed=True))
        except StopIteration as done:
            return str(done.value)

    def _asked(self, query: Query) -> tuple[Reply, float]:
        """Return the answer of the resolver, and how long it holds (s)."""
        import dns.exception
        import dns.flags
        import dns.message
        import dns.query
        import dns.rcode
        import dns.rdatatype

        try:
            message = dns.message.make_query(query.name, query.type)
            answer, _ = dns.query.udp_with_fallback(message, self._host, self._seconds, self._port)
        except (dns.exception.DNSException, OSError, ValueError) as error:
            self.told = ("failed", f"DNS: {type(error).__name__}; mails judged without it")
            return Reply(failed=True), FAILED_KEPT
        self.told = ("ok", "SPF, DKIM and DMARC are checked")
        if answer.rcode() == dns.rcode.NXDOMAIN:
            return Reply(), NOTHING_KEPT
        if answer.rcode() != dns.rcode.NOERROR:
            return Reply(failed=True), FAILED_KEPT
        wanted = dns.rdatatype.from_text(query.type)
        found = [(one, rrset.ttl) for rrset in answer.answer if rrset.rdtype == wanted for one in rrset]
        if wanted == dns.rdatatype.MX:
            found.sort(key=lambda one: one[0].preference)
        records = tuple(_text(one, query.type) for one, _ in found[:MOST_RECORDS])
        keep = min(max(LEAST_KEPT, min((ttl for _, ttl in found), default=NOTHING_KEPT)), LONGEST_KEPT)
        return Reply(records), keep


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        return b"".join(record.strings).decode("utf-8", "replace")[:MOST_TEXT]  # type: ignore[attr-defined]
    return str(record.exchange).rstrip(".") if kind == "MX" else str(record)  # type: ignore[attr-defined]


__all__ = ["Resolver"]
