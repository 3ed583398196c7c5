"""The tiny hospital with readers on both sides of the pharmacy's doors, a newborn's tag in ward A, and a far wing."""

from __future__ import annotations

import msgspec

from safecare.model.hospital import Asset, Hospital, Name, Person, Zone
from safecare.model.ids import HolderId, ZoneId
from safecare.testing.hospital import LEVEL, small_hospital
from safecare.testing.hospital_building import SITE

BOTH = ("door.pharmacy", "door.cold")
"""Doors that can't be passed without a badge either way."""
INFANT = HolderId("infant.1")
WING = ZoneId("aurore.wing")
"""A room of the same storey, 176 m from the pharmacy's door."""


def guarded_hospital() -> Hospital:
    """Return it."""
    small = small_hospital()

    def guarded(asset: Asset) -> Asset:
        if asset.id not in BOTH:
            return asset
        inside = {"reader-out": f"{asset.addresses['reader']}-out"}
        return msgspec.structs.replace(asset, addresses=asset.addresses | inside)

    wing = Zone(
        id=WING,
        site=SITE,
        level=LEVEL,
        name=Name("Far wing", "Aile éloignée"),
        category="ward",
        outline=((197, 20), (207, 20), (207, 30), (197, 30)),
    )
    infant = Person(holder=INFANT, role="infant", site=SITE, badges=("TAG1",), zones=(ZoneId("aurore.ward.a"),))
    return msgspec.structs.replace(
        small,
        zones=(*small.zones, wing),
        assets=tuple(map(guarded, small.assets)),
        people=(*small.people, infant),
        roles=small.roles | {"infant": Name("Newborn", "Nouveau-né")},
    )
