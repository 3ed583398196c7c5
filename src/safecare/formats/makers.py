"""Who made a network card, by the first bytes of its MAC address.

Source: IEEE Registration Authority, list of OUI (MA-L), as the library netaddr carries it: nothing is asked of anybody.
IEEE 802, 8.2.2: the second bit of the first byte marks addresses that no maker has given.
"""

from __future__ import annotations

from functools import cache


@cache
def maker(prefix: str) -> str:
    """Return the maker of cards that begin with `prefix` (``00:0e:8c`` and what follows); empty if none is known."""
    try:
        number = int(prefix.replace(":", "").replace("-", "")[:6], 16)
    except ValueError:
        return ""
    if number >> 17 & 1:
        return ""
    from netaddr import OUI, NotRegisteredError

    try:
        return str(OUI(number).registration().org)
    except NotRegisteredError:
        return ""
