"""Audit messages of medical systems: the XML of DICOM PS3.15 A.5 (ATNA), and of RFC 3881 before it.

Codes stand under the element's name, what they are called under its name with ``Name`` behind it; what may stand
several times (participants, objects) becomes one field of several values.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET
from xml.parsers import expat

from safecare.formats.logs.record import FIELDS, Fields

START = "<AuditMessage"
CODED = ("csd-code", "code")
CALLED = ("originalText", "displayName")


class AtnaError(ValueError):
    """Text that is no audit message."""


def read_atna(text: str) -> Fields:
    """Return the fields of the audit message that begins in `text`. Raises `AtnaError`. No document type is taken."""
    start = text.find(START)
    if start < 0 or "<!" in text[start:]:
        raise AtnaError("no audit message, or one with a document type")
    try:
        root = ET.fromstring(text[start:].rstrip("\x00 \r\n"))  # noqa: S314 - no document type, so no entities
    except (ET.ParseError, expat.ExpatError, ValueError) as error:
        raise AtnaError(str(error)) from error
    found: dict[str, list[str]] = {}
    for count, element in enumerate(root.iter()):
        if count > FIELDS:
            raise AtnaError(f"over the limit of {FIELDS} elements")
        name = element.tag.rpartition("}")[2]
        code = next((element.get(key) for key in CODED if element.get(key)), None)
        called = next((element.get(key) for key in CALLED if element.get(key)), None)
        if code:
            found.setdefault(name, []).append(code)
        if called:
            found.setdefault(f"{name}Name", []).append(called)
        if element.text and element.text.strip():
            found.setdefault(name, []).append(element.text.strip())
        for key, value in element.attrib.items():
            if key not in CODED and key not in CALLED:
                found.setdefault(key, []).append(value)
    fields: Fields = {name: some[0] if len(some) == 1 else tuple(some) for name, some in found.items()}
    return fields | {"product": "dicom", "service": "audit"}
