"""Who may see a thing: Traffic Light Protocol 2.0 label and named parties.

Source: FIRST, Traffic Light Protocol (TLP) version 2.0, August 2022.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Tlp(StrEnum):
    """The five labels of TLP 2.0, from most to least restricted."""

    RED = "TLP:RED"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    AMBER = "TLP:AMBER"
    GREEN = "TLP:GREEN"
    CLEAR = "TLP:CLEAR"


class Marking(msgspec.Struct, frozen=True, omit_defaults=True):
    """Label and list of parties; an empty list means: as the label says, no narrower."""

    tlp: Tlp = Tlp.AMBER_STRICT
    parties: tuple[str, ...] = ()
