"""SPF, DKIM and DMARC, checked by ourselves: pure, what they ask the DNS is asked by whoever calls.

Nothing here knows a network or a clock. A question that has no answer yet is named; the caller asks it and calls again.
"""

from __future__ import annotations

import msgspec

MOST_RECORDS = 20
"""Records of one answer that are read. Chosen: domains with many verification records have fifteen."""
MOST_TEXT = 8_000
"""Letters of one record that are read. Chosen: an RSA key of 4,096 bits takes 800."""


class Query(msgspec.Struct, frozen=True):
    """A question to the DNS: name, and type (``TXT``, ``A``, ``AAAA``, ``MX``)."""

    name: str
    type: str

    @property
    def key(self) -> str:
        """Return the question as one word."""
        return f"{self.type} {self.name}"


class Reply(msgspec.Struct, frozen=True):
    """Records as text (of MX the hosts only, by preference); none where there are none. `failed`: no answer came."""

    records: tuple[str, ...] = ()
    failed: bool = False


def tags(text: str) -> dict[str, str] | None:
    """Return a list ``a=b; c=d`` (RFC 6376 section 3.2) without white space in values; None for what is no list."""
    found: dict[str, str] = {}
    for part in text[:MOST_TEXT].split(";"):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        if not equals or name.strip() in found:
            return None
        found[name.strip()] = "".join(value.split())
    return found


__all__ = ["MOST_RECORDS", "MOST_TEXT", "Query", "Reply", "tags"]
