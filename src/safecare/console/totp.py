"""One-time codes by time (RFC 6238, with the values that all authenticator apps use: SHA-1, 30 s, 6 digits)."""

from __future__ import annotations

import base64
import hmac
import struct
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

STEP = 30
"""Seconds of one code (RFC 6238, 5.2)."""
DIGITS = 6
WINDOW = 1
"""Steps before and after the present one that are taken (RFC 6238, 5.2: at most one, for a slow person)."""
KEY_BYTES = 20
"""Bytes of a key (RFC 4226, 4, R6: 160 bits recommended)."""


def step_of(at: datetime) -> int:
    """Return the number of the time step of `at`."""
    return int(at.timestamp()) // STEP


def code(key: bytes, step: int) -> str:
    """Return the code of `key` for a step (RFC 4226, 5.3)."""
    digest = hmac.digest(key, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching(key: bytes, given: str, at: datetime, used: datetime | None) -> datetime | None:
    """Return the time of the step whose code `given` is, about `at` and later than the step that was `used` last."""
    now, last = step_of(at), step_of(used) if used else -1
    for step in range(now - WINDOW, now + WINDOW + 1):
        if step > last and hmac.compare_digest(given.encode(), code(key, step).encode()):
            return datetime.fromtimestamp(step * STEP, UTC)
    return None


def written(key: bytes) -> str:
    """Return a key as it is typed into an app (base 32)."""
    return base64.b32encode(key).decode()


def address(key: bytes, issuer: str, name: str) -> str:
    """Return the address that an app reads from a picture (Key URI Format of Google Authenticator)."""
    query = urlencode({"secret": written(key), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{issuer}:{name}')}?{query}"
