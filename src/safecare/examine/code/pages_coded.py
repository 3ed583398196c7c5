"""What pages spell so that no scanner reads it: short coded data, letters moved by a number, a command to be pasted.

Source: MITRE ATT&CK T1027.006 (HTML smuggling), T1027.010, T1204.004 (malicious copy and paste: "ClickFix", reports of
Proofpoint, Sekoia and Microsoft, 2024-2025).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from safecare.formats.linear import linear

_LITERAL = linear(rb"(?i)\batob\s{0,4}\(\s{0,4}[\"'`]([A-Za-z0-9+/=]{24,})[\"'`]")
_HEADED = linear(rb"(?:TV[opqr]|UEsDB|UmFyIR|N3q8r|TVNDRg|TAAAAAEUAg|0M8R4KGx|Q0QwMD|5FJce4)[A-Za-z0-9+/\\\s]{40,}")
"""Base64 of the heads of programs, archives, shortcuts, compound documents and notebooks."""
_HEX = linear(rb"(?i)[\"'`](?:4d5a[0-9a-f]{4}|504b0304|526172211a07|377abcaf271c|4d534346)[0-9a-f]{60,}")
"""The same in hexadecimal digits."""
_NUMBERS = linear(rb"\d{1,3}(?:\s{0,2},\s{0,2}\d{1,3}){39,}")
"""Forty numbers and more that may be letters."""
MOST_ROWS, MOST_NUMBERS, _HEAD = 20, 100_000, 2000
"""Rows of numbers that are deciphered, numbers of all, and those that a key is tried on. Chosen: a whole page."""
_MOVES = linear(rb"(?i)fromCharCode|fromCodePoint|Uint8Array|TextDecoder")
_TELLING = linear(rb"(?i)<script|<form|<iframe|<input|<html|<body|https?://|document\.|location|ActiveXObject|WScript")
"""What deciphered letters hold if they are a page or a script."""
_LEAST_TOLD = 3
"""Such words in a row of deciphered numbers. Chosen: chance writes none, a page some dozens."""

_COPIES = linear(
    rb"(?i)clipboard\.write(?:Text)?\s{0,4}\(|execCommand\s{0,4}\(\s{0,4}[\"'`]copy|clipboardData\.setData\s{0,4}\("
)
_COMMAND = linear(
    rb"(?i)\b(?:powershell|pwsh|mshta|rundll32|regsvr32|msiexec|certutil|bitsadmin|wscript|cscript|forfiles|conhost|ssh)"
    rb"(?:\.exe)?[\s\"'`^]|\bcmd(?:\.exe)?\s{1,4}/[ck]|\b(?:iex|irm|iwr|Invoke-Expression|Invoke-WebRequest)\b|"
    rb"\bcurl\s[^\r\n\"'`]{0,300}(?:-o\s|&&)|\bcurl\s[^\r\n\"'`]{0,300}\|\s{0,4}(?:ba|z)?sh\b|\bosascript\b|\bfinger(?:\.exe)?\s\S{1,60}@"
)
_DECODED = linear(rb"(?i)\batob\s{0,4}\(|fromCharCode")
_KEYS = linear(
    rb"(?i)(?:\bwin(?:dows)?\b|\xe2\x8a\x9e|&#8862;|&#x229e;)"
    rb"(?:[\s+&;]|plus|key|logo|touche|button|nbsp|</?[^>]{1,40}>){1,20}[RX]\b|"
    rb"\b(?:address bar|barre d.{1,8}adresse|adressleiste|file explorer|explorateur de fichiers|datei-?explorer|"
    rb"explorador de archivos|esplora file)\b"
)
"""The keys that open Windows' box for commands, or Explorer's line that takes them, as instructions write them."""
_PASTE = linear(
    rb"(?i)\b(?:ctrl|strg|control|cmd|command)\b(?:[\s+&;]|plus|key|touche|nbsp|</?[^>]{1,40}>){1,20}V\b|"
    rb"\b(?:paste|coll(?:er|ez)|einf(?:\xc3\xbc|u)gen|pegar?|incolla(?:re)?)\b"
)


_BRACKETS = linear(rb"\[\s{0,4}(?:\"([A-Za-z_]\w{1,40})\"|'([A-Za-z_]\w{1,40})')\s{0,4}\]")
_CODED = linear(rb"[\"'`]([A-Za-z0-9+/=%]{40,})[\"'`]")
_SINK = linear(
    rb"(?i)document\.(?:write(?:ln)?|open)\s*\(|\.(?:inner|outer)HTML\s*=|insertAdjacentHTML|createContextualFragment|"
    rb"\beval\s*\(|\bFunction\s*\(|\.constructor\s*\(|\.srcdoc\s*="
)
"""Where a script turns text into page or program."""
_BARE = linear(rb"[][()!+]{400,}")
"""Programs that are written with six signs alone (JSFuck)."""
MOST_CODED, LEAST_CODED = 0.6, 400
"""Share of a page, and bytes, that are coded where it is nothing else. Chosen: a page that people read has words and
looks; one that unfolds itself has a loop of some 300 bytes beside its text."""


_REFERENCE = linear(rb"&#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}));?")
_ATTRIBUTE = linear(rb"(?i)\b(?:href|src|action|values|to|data|content)\s*=\s*(?:\"[^\"]{1,1000}\"|'[^']{1,1000}')")
MOST_ATTRIBUTES = 2000
"""Attributes in which letters may be written by their numbers, that are read. Chosen: far above a page's of letters."""
_UNSEEN = linear(
    rb"(?:\xe3\x85\xa4|\xef\xbe\xa0|\xe1\x85[\x9f\xa0]|\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa4]|\xef\xb8[\x80-\x8f]|"
    rb"\xef\xbb\xbf|\xf3\xa0[\x80-\x87].){32}"
)
"""Letters that nobody sees (UTF-8), in a row: text is coded in them (Juniper, "Invisible obfuscation", 2025)."""


def unseen(text: bytes) -> bool:
    """Tell whether a page holds a row of letters that nobody sees, too long for any language's writing."""
    return bool(_UNSEEN.search(text))


def dotted(text: bytes) -> bytes:
    """Return a page with ``thing['name']`` written as ``thing.name``: to the browser they are the same."""
    if b"['" not in text and b'["' not in text:
        return text
    return _BRACKETS.sub(lambda found: b"." + (found[1] or found[2]), text)


def mostly_coded(text: bytes) -> bool:
    """Tell whether a page is little more than coded text, and a script that makes a page or a program of it."""
    if _BARE.search(text):
        return True
    coded = sum(len(found[1]) for found in _CODED.finditer(text))
    return coded >= LEAST_CODED and coded >= MOST_CODED * len(text) and bool(_SINK.search(text))


def numbered(text: bytes) -> bool:
    """Tell whether a page holds a long row of bytes as numbers."""
    return bool(_NUMBERS.search(text))


def referred(text: bytes) -> bytes:
    """Return the attributes of a page whose letters are written by their numbers, as browsers read them."""
    if b"&#" not in text:
        return b""
    found = (one.group() for one in itertools.islice(_ATTRIBUTE.finditer(text), MOST_ATTRIBUTES))
    return b"\n".join(_REFERENCE.sub(_letter, one) for one in found if b"&#" in one)


def _letter(found: re.Match[bytes]) -> bytes:
    code = int(found[1], 16) if found[1] else int(found[2])
    return bytes([code]) if code < 128 else b"?"


def hands_over(text: bytes) -> bool:
    """Tell whether a page decodes a literal where it stands, or holds the head of a coded file anywhere."""
    return bool(_LITERAL.search(text) or _HEADED.search(text) or _HEX.search(text))


def literals(text: bytes) -> Iterator[bytes]:
    """Yield the base64 that a page decodes where it stands."""
    yield from (found[1] for found in _LITERAL.finditer(text))


def deciphered(text: bytes) -> Iterator[bytes]:
    """Yield pages and scripts that are spelled in numbers, each letter moved (or crossed, XOR) by the same one."""
    if not _MOVES.search(text):
        return
    left = MOST_NUMBERS
    for found in itertools.islice(_NUMBERS.finditer(text), MOST_ROWS):
        values = [int(one) for one in found.group().split(b",", left)[:left]]
        left -= len(values)
        if max(values, default=256) > 255:
            continue
        row = bytes(values)
        if table := _key(row[:_HEAD]):
            yield row.translate(table)


def _key(head: bytes) -> bytes | None:
    """Return the table by which the begin of a row becomes a page or a script, if there is one."""
    for table in _TABLES:
        turned = head.translate(table)
        if len(turned.translate(None, _PRINTED)) <= len(turned) // 20 and len(_TELLING.findall(turned)) >= _LEAST_TOLD:
            return table
    return None


_PRINTED = bytes((*range(32, 127), 9, 10, 13))
_TABLES = (
    *(bytes((letter - key) & 255 for letter in range(256)) for key in range(256)),
    *(bytes(letter ^ key for letter in range(256)) for key in range(1, 256)),
)
"""Each letter moved, or crossed, by each number."""


def pasted(text: bytes) -> bool:
    """Tell whether a page lays a command into the clipboard and has its reader open Windows' box for commands."""
    if not _COPIES.search(text) or not _KEYS.search(text) or not _PASTE.search(text):
        return False
    return bool(_COMMAND.search(text) or _DECODED.search(text))
