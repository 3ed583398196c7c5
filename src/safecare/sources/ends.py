"""Which thing of the hospital an event between two addresses is about: the first of them that an asset has."""

from __future__ import annotations

from typing import TypedDict

from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId, SiteId, ZoneId


class Ends(TypedDict):
    """The fields of an event that say what it is about."""

    site: SiteId
    asset: AssetId | None
    zone: ZoneId | None


def ends_of(hospital: Hospital, *addresses: str) -> Ends:
    """Return site, asset and zone of the first of the IP addresses that is known; else the hospital's first site."""
    for ip in addresses:
        asset = hospital.at_address("ip", ip)
        if asset is not None:
            return {"site": asset.site, "asset": asset.id, "zone": asset.zone}
    return {"site": hospital.sites[0].id if hospital.sites else SiteId(""), "asset": None, "zone": None}
