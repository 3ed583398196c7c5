"""How French is set: the apostrophe, and the spaces at which no line is broken.

Source: Imprimerie nationale, "Lexique des règles typographiques": a space that doesn't break stands before ; : ! ? »
and %, and after «.
"""

from __future__ import annotations

import re

_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W_]|[{«`*\[])")
_BEFORE = re.compile(r"(?<=\S) (?=[;:!?»%](?![\w/-]))")
_AFTER = re.compile(r"(?<=«) (?=\S)")
_VERBATIM = re.compile(
    r"^ *```.*?^ *```|^\|[ :|-]+\|$|`[^`]*`|\]\([^)]*\)|<[^>\s][^>]*>|https?://\S+", re.DOTALL | re.MULTILINE
)
"""What in Markdown is no prose: code, the rule of a table, targets of links, tags, addresses."""


def french(text: str) -> str:
    """Return the French `text` as it is to be set."""
    return _AFTER.sub("\u00a0", _BEFORE.sub("\u00a0", _APOSTROPHE.sub("\u2019", text)))


def french_page(page: str) -> str:
    """Return the French Markdown `page` as it is to be set; code, addresses and the like stay as they are."""
    verbatim: list[str] = []

    def keep(found: re.Match[str]) -> str:
        verbatim.append(found.group())
        return f"\ue000{len(verbatim) - 1}\ue001"

    prose = french(_VERBATIM.sub(keep, page))
    return re.sub("\ue000(\\d+)\ue001", lambda found: verbatim[int(found.group(1))], prose)
