"""What an Office document loads, asks or sends outside: relations, connections and formulas of OOXML. Pure.

Source: ECMA-376 part 2 (relations), part 1 18.13 (connections), 18.14 (external links).
"""

from __future__ import annotations

import html
import ipaddress
import re
from collections.abc import Iterable, Iterator

from safecare.formats.linear import linear
from safecare.formats.reach import STARTING, is_abroad, is_here, leads_abroad

MOST_RELATIONS = 20_000
"""Relations of one document that are read. Chosen: lists with an address in each row have some thousands."""
LONGEST_RELATION = 4000
"""Letters of one relation from which its blanks count once. Chosen: addresses of mail services reach 2,000."""
_TYPE = re.compile(rb"""\bType\s*=\s*["']([^"']+)["']""")
_TARGET = re.compile(rb"""\bTarget\s*=\s*["']([^"']+)["']""")
_EXTERNAL = re.compile(rb"""\bTargetMode\s*=\s*["']External["']""", re.IGNORECASE)
_DDE_CALL = linear(
    rb"(?i)<f\b[^>]{0,100}>[^<]{0,200}\b(?:cmd|powershell|mshta|rundll32|regsvr32|certutil|wscript|cscript|bitsadmin)(?:\.exe)?\s{0,3}\|"
)
_WEB_CALL = linear(rb"(?i)<f\b[^>]{0,100}>([^<]{0,200}\b(?:WEBSERVICE|IMAGE)\([^<]{0,300})")
_SERVER = linear(rb"(?i)\b(?:SERVER|Data Source|HOST|DBQ)\s*=\s*(?:tcp:)?([\d.]{7,15}|\[[0-9a-f:.]{2,45}\])")
_RUNS = linear(rb"(?i)\b(?:xp_cmdshell|sp_OACreate|COPY\b.{0,200}\bPROGRAM)\b|\bShell\.Run\b")
"""Ways in which a data base runs programs of its machine."""
_SHARE = re.compile(rb"(?:file:[/\\]{2,5}|\\\\)([0-9a-f.:]{3,45})(?:@[\w@]+)?[/\\]")
_STARTS = linear(rb"(?i)^\s*(?:" + STARTING + rb")")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""Marks of UTF-16, in which XML may be written, too (XML 1.0, 4.3.3)."""
_ANY_SHARE = re.compile(rb"(?:file:[/\\]{2,5}|\\\\)([\w.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?:@[\w@]+)?[/\\]")
_NAMED_SHARE = re.compile(rb"(?i)(?:file:[/\\]{2,5}(?=[\w-]+\.)|\\\\)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:@[\w@]+)?[/\\]")
"""A share of a server with a full name: Windows signs in there, wherever it is."""


def sheet_links(pieces: Iterable[bytes]) -> set[str]:
    """Return the facts of the formulas of a sheet."""
    facts: set[str] = set()
    for xml in pieces:
        if _DDE_CALL.search(xml):
            facts.add("office.dde")
        if any(map(leads_abroad, _WEB_CALL.findall(xml))):
            facts.add("office.external.data")
    return facts


def asks_abroad(xml: bytes) -> bool:
    """Tell whether a connection of a workbook asks a bare number elsewhere, or has the server run commands."""
    servers = (one.strip() for one in _SERVER.findall(xml))
    return leads_abroad(xml) or any(map(is_abroad, servers)) or _RUNS.search(xml) is not None


def relation_facts(xml: bytes) -> set[str]:
    """Return the facts of the relations in `xml`."""
    facts: set[str] = set()
    if xml.startswith(_WIDE):
        xml = xml.decode("utf-16", "replace").encode()
    for number, found in enumerate(_relation_tags(xml)):
        if number >= MOST_RELATIONS:
            facts.add("office.limit")
            break
        kind = _TYPE.search(found)
        target = _TARGET.search(found)
        if not kind or not target or not _EXTERNAL.search(found):
            continue
        name = kind.group(1).lower().rsplit(b"/", 1)[-1]
        where = _unescaped(target.group(1)).lower()
        if _STARTS.search(where):
            facts.add("office.external.starts")
        if name == b"oleobject" and where.startswith(
            (b"http", b"\\\\", b"mhtml:", b"ftp:", b"file:////", b"file:\\\\")
        ):
            facts.add("office.external.object")
        elif name in (b"attachedtemplate", b"frame", b"subdocument", b"afchunk"):
            elsewhere = _NAMED_SHARE.match(where) or _SHARE.match(where)
            house = _ANY_SHARE.match(where)
            local = (
                where.startswith(b"file:///c:")
                or (house is not None and is_here(house[1]))
                or (b":" not in where[:8] and not elsewhere)
            )
            facts.add("office.external.link" if local else "office.external.template")
        elif name not in (b"hyperlink", b"externallinkpath"):
            facts.add("office.external.link")
        if name != b"hyperlink" and (share := _SHARE.match(where)) and _is_public(share[1]):
            facts.add("office.external.share")
        elif name != b"hyperlink" and _NAMED_SHARE.match(where):
            facts.add("office.external.named-share")
    return facts


def _relation_tags(xml: bytes) -> Iterator[bytes]:
    """Yield the tags of relations, whatever prefix their names have."""
    at = 0
    while (at := xml.find(b"Relationship", at)) >= 0:
        end = xml.find(b">", at)
        end = end if end >= 0 else len(xml)
        tag = xml[at:end]
        yield tag if len(tag) <= LONGEST_RELATION else re.sub(rb"\s{2,}", b" ", tag)
        at = end


def _unescaped(value: bytes) -> bytes:
    """Return the value of an attribute without references to letters (XML 1.0, 4.1)."""
    return html.unescape(value.decode("utf-8", "replace")).encode() if b"&" in value else value


def _is_public(address: bytes) -> bool:
    try:
        return ipaddress.ip_address(address.decode("ascii")).is_global
    except ValueError:
        return False
