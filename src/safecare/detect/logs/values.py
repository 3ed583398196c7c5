"""What each kind of test means for one value. The engine is only a faster way to the same answers.

A value of a record is text, a whole number, None, or a tuple of them; a test holds for a tuple when it holds for one
of its elements. Regular expressions are RE2's: their time is linear in the text, whatever an attacker writes.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from safecare.detect.logs.rule import MANY, ONE, Check

Value = str | int | None | tuple[str | int | None, ...]
Judge = Callable[[str], bool]

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "neq": lambda a, b: a != b,
}
EPOCH_LIMIT = 253_402_300_799
"""Largest number of seconds that is taken for a time: the end of the year 9999."""


def elements(value: Value) -> tuple[str | int | None, ...]:
    """Return the elements of a value: itself, or those of a tuple."""
    return value if isinstance(value, tuple) else (value,)


def readable(text: str) -> str:
    """Return `text` with a question mark for each half of a character (lone surrogate), which is no text."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def judge(test: Check) -> Judge:
    """Return what tells whether a `readable` text (in lower case if `test` is of `STRINGS` and not cased) passes."""
    value = readable(test.value)
    match test.kind:
        case "equals":
            return lambda text: text == value
        case "contains":
            return lambda text: value in text
        case "starts":
            return lambda text: text.startswith(value)
        case "ends":
            return lambda text: text.endswith(value)
        case "glob":
            return glob(value)
        case "filled" | "exists":
            return lambda text: True
        case "regex":
            return regex(value)
        case "cidr":
            return cidr(value)
        case "lt" | "lte" | "gt" | "gte" | "neq":
            compare, wanted = COMPARE[test.kind], float(value)
            return lambda text: (number := as_number(text)) is not None and compare(number, wanted)
        case "minute" | "hour" | "day" | "week" | "month" | "year":
            part, figure = test.kind, int(value)
            return lambda text: (at := as_time(text)) is not None and time_part(at, part) == figure
    return lambda text: False


def regex(pattern: str) -> Judge:
    """Return a search for `pattern`. Raises `ValueError` as `expression` does."""
    search = expression(pattern).search
    return lambda text: search(text.encode()) is not None


def expression(pattern: str) -> Any:
    """Return RE2's form of `pattern`. Raises `ValueError` for what RE2 does not know: look-around, back references."""
    import re2

    options = re2.Options()
    options.log_errors = False  # told by whoever asks, not on standard error
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(_reason(error)) from error


def _reason(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def glob(pattern: str) -> Judge:
    """Return a test for text with wildcards, anchored at both ends: each piece is looked for behind the one before."""
    pieces = pattern.split(MANY)
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return lambda text: len(text) == len(first) and _fits(first, text, 0)
    middle = [piece for piece in pieces[1:-1] if piece]

    def passes(text: str) -> bool:
        end = len(text) - len(last)
        if end < len(first) or not _fits(first, text, 0) or not _fits(last, text, end):
            return False
        at = len(first)
        for piece in middle:
            at = _find(piece, text, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return passes


def _fits(piece: str, text: str, at: int) -> bool:
    if ONE not in piece:
        return text.startswith(piece, at)
    return at + len(piece) <= len(text) and all(
        want in (ONE, got) for want, got in zip(piece, text[at : at + len(piece)], strict=True)
    )


def _find(piece: str, text: str, start: int, end: int) -> int:
    """Return where `piece` stands first in ``text[start:end]``; -1 if nowhere. Looks for its longest plain run."""
    if ONE not in piece:
        return text.find(piece, start, end)
    run = max(piece.split(ONE), key=len)
    ahead = piece.index(run)
    at = start
    while at + len(piece) <= end:
        found = text.find(run, at + ahead, end) - ahead if run else at
        if found < at or found + len(piece) > end:
            return -1
        if _fits(piece, text, found):
            return found
        at = found + 1
    return -1


def cidr(network: str) -> Judge:
    """Return a test whether a text is an address inside `network`; IPv4 in IPv6 form (RFC 4291, 2.5.5.2) counts."""
    inside = ipaddress.ip_network(network, strict=False)

    def passes(text: str) -> bool:
        address = as_address(text)
        return address is not None and address.version == inside.version and address in inside

    return passes


def as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return `text` as an address, None if it is none."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def as_number(text: str) -> float | None:
    """Return `text` as a number, hexadecimal with ``0x`` too; None if it is none."""
    try:
        return float(int(text, 16)) if text[:2] in {"0x", "0X"} else float(text)
    except (ValueError, OverflowError):
        return None


def as_time(text: str) -> datetime | None:
    """Return `text` (ISO 8601, or seconds since 1970) as a time, in UTC if it tells its offset; None if it is none."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at
    except (ValueError, OverflowError):
        pass
    number = as_number(text)
    if number is None or not 0 <= number <= EPOCH_LIMIT:
        return None
    return datetime.fromtimestamp(number, UTC)


def time_part(at: datetime, part: str) -> int:
    """Return a part of a time by its Sigma name; ``week`` is that of ISO 8601."""
    whole: Any = at.isocalendar().week if part == "week" else getattr(at, part)
    return int(whole)
