r"""CEF, the Common Event Format: a header of seven parts, then ``key=value`` pairs.

Source: ArcSight, "Implementing ArcSight Common Event Format (CEF)", version 25: a backslash before ``|`` in the header,
before ``=``, ``n`` and ``r`` in values, means that character; the value of ``<key>Label`` names what ``<key>`` is.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from safecare.formats.logs.record import FIELDS, Fields

HEADER = ("cef_version", "device_vendor", "device_product", "device_version", "signature_id", "name", "cef_severity")
START = re.compile(r"CEF:\s?(?=\d)")
_KEY = re.compile(r"(?:^|(?<= ))([A-Za-z0-9_.\-\[\]]+)=")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r"}
CUSTOM = re.compile(r"((?:cs|cn|cfp|c6a|deviceCustomDate|flexString|flexNumber)\d+)Label")


class CefError(ValueError):
    """Text that is no CEF."""


def read_cef(text: str) -> Fields:
    """Return the fields of `text`, which holds CEF somewhere. Raises `CefError`.

    Header and extension keep CEF's names; ``product`` is the device's vendor, ``service`` its product, both in lower
    case with underscores, so that rules can name them as their log source. A custom field has its label's name too.
    """
    found = START.search(text)
    if found is None:
        raise CefError("no CEF header")
    parts: list[str] = []
    start = at = found.end()
    while len(parts) < len(HEADER):
        if at >= len(text):
            if len(parts) == len(HEADER) - 1:
                parts.append(text[start:])
                break
            raise CefError(f"the header ends after {len(parts)} of its {len(HEADER)} parts")
        if text[at] == "\\":
            at += 2
        elif text[at] == "|":
            parts.append(text[start:at])
            at += 1
            start = at
        else:
            at += 1
    fields: Fields = {name: _meant(part) for name, part in zip(HEADER, parts, strict=True)}
    fields["product"], fields["service"] = _word(parts[1]), _word(parts[2])
    for name, value in _extension(text[at:]).items():
        fields.setdefault(name, value)
    for name, value in list(fields.items()):
        labelled = CUSTOM.fullmatch(name)
        if labelled and isinstance(value, str) and labelled[1] in fields:
            fields.setdefault(value, fields[labelled[1]])
    return fields


def _extension(text: str) -> Fields:
    """Return the pairs. A value reaches to the blank before the next key that is followed by an equals sign."""
    keys = [one for one in _KEY.finditer(text) if one.start() == 0 or text[one.start() - 1] != "\\"]
    fields: Fields = {}
    for one, after in zip_longest(keys, keys[1:]):
        value = text[one.end() : after.start() if after else len(text)]
        fields[one[1]] = _meant(value.strip(" \r\n") if after else value.rstrip("\r\n "))
        if len(fields) > FIELDS:
            raise CefError(f"over the limit of {FIELDS} fields")
    return fields


def _meant(text: str) -> str:
    return _ESCAPED.sub(lambda one: _MEANT.get(one[1], one[1]), text) if "\\" in text else text


def _word(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", _meant(text).lower()).strip("_")
