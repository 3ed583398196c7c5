"""Files spelled in letters where a medical file should hold words: every common alphabet, turned round or shifted too.

A long run of letters is read in each way that its letters allow, and counts only if a program, a script, or a file that
holds such comes out of it: keys, sequences, waveforms and signatures stay what they are. Source: RFC 4648 (Base16, 32,
64), RFC 1924 and ZeroMQ RFC 32 (Base85), Adobe's PostScript (ASCII85); MITRE ATT&CK T1027.013, T1132.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from itertools import islice

from safecare.examine.medical import payload
from safecare.examine.medical.commands import names_command
from safecare.formats.linear import linear

MOST_RUNS = 12
"""Runs of letters that are read in one stretch. Chosen: with all ways of reading each takes up to 2 ms."""
_LEVELS = 3
"""Times that what comes out may be letters again. Chosen."""
_TRIED = 1600
"""Letters that are read to see what it is: a multiple of 4, 5 and 8, and more than the head of a program. Chosen."""
_MOST_DEEPER = 1 << 18
"""Letters of a run whose letters spell letters again. Chosen: programs that fetch others are smaller."""
_RUN = linear(
    rb"(?s)(?:(?:0x|\\x|%|#)?[0-9A-Fa-f]{2}[\s,:;-]{1,2}){48,}|(?:\d{1,3}[\s,;]{1,2}){60,}|(?:[!-~]\x00){80,}|(?:\x00[!-~]){80,}"
    rb"|[!-~]{80,}(?:[\r\n ]{1,4}[!-~]{40,})*"
)
_ESCAPES = {b"lt": b"<", b"gt": b">", b"amp": b"&", b"quot": b'"', b"apos": b"'"}
_HL7 = {b"F": b"|", b"S": b"^", b"T": b"&", b"R": b"~", b"E": b"\\"}
_ESCAPED = re.compile(rb"&(lt|gt|amp|quot|apos);|\\([FSTRE])\\")
"""Letters that XML and HL7 v2 (2.7) write otherwise."""
_NAMED = re.compile(rb"^[\w:.-]{1,60}=(?:\"|')|(?:\"|')/?$")
"""What stands around the value of an attribute."""
_QUOTED = re.compile(rb"(?<!\\)(?:\\\\){0,40}\\\"")
_JSON = re.compile(rb"\\([\\/Q])")
"""Letters that JSON writes otherwise (RFC 8259, 7); a quotation mark within a value is held as Q."""
_BETWEEN = re.compile(rb"(?i)0x|\\x|&#x|[%#,:;\s-]")
_NUMBERS = re.compile(rb"\d{1,3}(?:[\s,;]{1,2}\d{1,3})+[\s,;]{0,2}")
_HEX = b"0123456789abcdefABCDEF"
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567="
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_TO_B85 = bytes.maketrans(_Z85, _B85)
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHIFTED = bytes.maketrans(
    _ALPHABET + _ALPHABET.lower(),
    _ALPHABET[13:] + _ALPHABET[:13] + _ALPHABET[13:].lower() + _ALPHABET[:13].lower(),
)
"""Letters moved on by 13 places (ROT13)."""
_SPACE = b" \t\r\n"


def spelled(text: bytes, between: bytes = b"") -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, end, bytes) of each run of letters in `text` that spells a file which runs, or holds one.

    `between`: letters that end a value where the text is of a form that has such.
    """
    quoted = b'"' in between
    if quoted:
        text = _QUOTED.sub(lambda one: one.group()[:-1] + b"Q", text)
    if between:
        text = text.translate(bytes.maketrans(between, b"\x01" * len(between)))
    for found in islice(_RUN.finditer(text), MOST_RUNS):
        raw = _read(_plain(found.group(), quoted=quoted), _LEVELS)
        if raw:
            yield found.start(), found.end(), raw


def _plain(run: bytes, *, quoted: bool) -> bytes:
    """Return `run` without what its form needs: zeros of UTF-16, the name of an attribute, escapes."""
    letters = _NAMED.sub(b"", run.translate(None, b"\0"))
    if quoted:
        return _JSON.sub(lambda one: b'"' if one[1] == b"Q" else one[1], letters)
    return _ESCAPED.sub(lambda one: _ESCAPES[one[1]] if one[1] else _HL7[one[2]], letters)


def _read(run: bytes, levels: int) -> bytes:
    """Return what the letters of `run` spell; empty for what is only letters."""
    for turned in (run, run[::-1], run.translate(_SHIFTED)):
        for way in _ways(turned):
            head = _tried(way, turned[:_TRIED])
            if not head:
                continue
            if _is_file(head):
                return _tried(way, turned)
            deeper = head.translate(None, b"\0")
            if levels > 1 and len(deeper) >= 80 and _RUN.match(deeper):
                inner = _read(_tried(way, turned[:_MOST_DEEPER]).translate(None, b"\0"), levels - 1)
                if inner:
                    return inner
            if len(turned) <= _TRIED or way in _QUICK:
                whole = _tried(way, turned)[::-1]
                if _is_file(whole[:_TRIED]):
                    return whole
    return b""


def _is_file(head: bytes) -> bool:
    """Tell whether bytes begin a file that runs or holds others, packed or not, or are a command."""
    if payload.zlib_packed(head[:512]) or head[:3] == b"\x1f\x8b\x08":
        head = payload.inflates(head, 15 if head[0] == 0x78 else 31, _TRIED)
    return payload.begins(head) is not None or payload.EICAR in head or names_command(head)


def _tried(way: Callable[[bytes], bytes], letters: bytes) -> bytes:
    try:
        return way(letters)
    except (binascii.Error, ValueError):
        return b""


def _ways(letters: bytes) -> Iterator[Callable[[bytes], bytes]]:
    """Yield the ways to read `letters` that their alphabet allows, the narrowest first."""
    head = letters[:_TRIED].translate(None, _SPACE)
    if not head.translate(None, _HEX):
        yield _base16
    elif not _BETWEEN.sub(b"", head).translate(None, _HEX):
        yield _base16
        if _NUMBERS.match(letters[:_TRIED]):
            yield _numbers
    if not head.translate(None, _BASE32):
        yield _base32
    if not head.translate(None, _BASE64):
        yield _base64
    if not head.startswith(b"<~") and not head.translate(None, _B85):
        yield _base85
    if not head.translate(None, _Z85):
        yield _z85
    if head.startswith(b"<~") or max(head, default=0) <= ord("z"):
        yield _ascii85


def _base16(letters: bytes) -> bytes:
    digits = _BETWEEN.sub(b"", letters)
    return binascii.unhexlify(digits[: len(digits) // 2 * 2])


def _numbers(letters: bytes) -> bytes:
    return bytes(value for one in re.findall(rb"\d+", letters) if (value := int(one)) < 256)


def _base32(letters: bytes) -> bytes:
    bare = letters.translate(None, _SPACE + b"=")
    return base64.b32decode(bare + b"=" * (-len(bare) % 8))


def _base64(letters: bytes) -> bytes:
    bare = letters.translate(bytes.maketrans(b"-_", b"+/"), _SPACE + b"=")
    return binascii.a2b_base64(bare[: len(bare) - (len(bare) % 4 == 1)] + b"==")


def _base85(letters: bytes) -> bytes:
    return base64.b85decode(letters.translate(None, _SPACE))


def _z85(letters: bytes) -> bytes:
    return _base85(letters.translate(_TO_B85))


def _ascii85(letters: bytes) -> bytes:
    bare = letters.translate(None, _SPACE).removeprefix(b"<~")
    end = bare.find(b"~")
    return base64.a85decode(bare[: end if end >= 0 else len(bare)])


_QUICK = (_base64,)
"""Ways that are quick enough for what is long to be read whole, to be looked at from its end. Measured: 8 ms a MB."""
