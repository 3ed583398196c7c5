"""A sample: the bytes, what they are, and what a scanner must say of them."""

from __future__ import annotations

from typing import Literal

import msgspec

Label = Literal["attack", "malformed", "benign"]
"""``attack``: must be reported. ``malformed``: must not be called clean without a word. ``benign``: must be clean."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the set."""

    name: str
    """File name, unique in the set."""
    label: Label
    family: str
    """Format: dicom, hl7, cda, fhir, mail."""
    technique: str
    """How it attacks, or what honest thing it resembles; the same word for all variants."""
    what: str
    """One sentence on this file."""
    raw: bytes
    twin: str = ""
    """The benign sample that is the same but for the attack."""
