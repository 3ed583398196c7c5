"""How French is set: the apostrophe, and the spaces at which no line is broken.

Source: Imprimerie nationale, "Lexique des règles typographiques": a space that doesn't break stands before ; : ! ? »
and %, and after «.
"""

from __future__ import annotations

import re

_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W_]|[{«`*\[])")
_BEFORE = re.compile(r"(?<=\S) (?=[;:!?»%](?![\w/-]))")
_AFTER = re.compile(r"(?<=«) (?=\S)")


def french(text: str) -> str:
    """Return the French `text` as it is to be set."""
    return _AFTER.sub("\u00a0", _BEFORE.sub("\u00a0", _APOSTROPHE.sub("\u2019", text)))
