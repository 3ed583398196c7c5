"""What stations say of themselves, put together to a list of stations and matched to the hospital's assets.

Source: NIST SP 1800-1 and SP 800-82 r3, 6.1.1 (inventory by listening). An asset is found by its address, else by its
network card, DICOM title or HL7 application; where these name different assets, the station is doubtful, and why is
said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from safecare.formats.makers import maker
from safecare.model.hospital import Asset, Hospital
from safecare.model.ids import AssetId, ZoneId
from safecare.model.network import Said
from safecare.model.text import Ref, Text, say

State = Literal["known", "doubtful", "unknown", "unheard"]

ROUTER = 4
"""Addresses from which the sender of frames counts as a router: its card is not the station's (as `senders.MANY`)."""
NAMES = ("mdns", "dhcp", "dicom", "hl7", "bacnet.name", "bacnet", "knx", "s7.name", "mqtt")
"""Systems whose name serves as the station's, the best first."""
LISTED = frozenset({"it", "network", "medical", "pharmacy", "cold_chain", "utility", "camera", "door", "fire"})
"""Groups of assets that are expected on the network if they have an address."""
MOST_SAID = 40
"""What is shown of one station (chosen: TLS fingerprints of a browser are many)."""


class Station(msgspec.Struct, frozen=True):
    """A station, with everything that it says. `mac` and `maker` are empty where its card was never seen."""

    ip: str
    state: State
    name: str = ""
    mac: str = ""
    maker: str = ""
    asset: AssetId | None = None
    zone: ZoneId | None = None
    site: str = ""
    first: datetime | None = None
    last: datetime | None = None
    says: tuple[Said, ...] = ()
    doubts: tuple[Text, ...] = ()


def stations(said: Iterable[Said], hospital: Hospital) -> list[Station]:
    """Return all stations that were heard, and the assets with an address that never were, in order of address."""
    by_ip: dict[str, list[Said]] = defaultdict(list)
    held: dict[str, set[str]] = defaultdict(set)
    for one in said:
        by_ip[one.ip].append(one)
        if one.system == "ethernet":
            held[one.value].add(one.ip)
    routers = {mac for mac, addresses in held.items() if len(addresses) > ROUTER}
    found = [_station(ip, rows, routers, hospital) for ip, rows in by_ip.items()]
    heard = {one.asset for one in found}
    for asset in hospital.assets:
        ip = asset.addresses.get("ip")
        if ip and asset.id not in heard and asset.group in LISTED:
            found.append(
                Station(
                    ip, "unheard", mac=asset.addresses.get("mac", ""), asset=asset.id, zone=asset.zone, site=asset.site
                )
            )
    return sorted(found, key=lambda one: _order(one.ip))


def _station(ip: str, rows: list[Said], routers: set[str], hospital: Hospital) -> Station:
    rows.sort(key=lambda one: one.last, reverse=True)
    latest: dict[str, str] = {}
    for one in rows:
        latest.setdefault(one.system, one.value)
    sender = latest.get("ethernet", "")
    mac = latest.get("mac") or latest.get("dhcp.lease") or ("" if sender in routers else sender)
    asset, doubts = _asset(ip, mac, rows, hospital)
    return Station(
        ip,
        "doubtful" if doubts else "known" if asset else "unknown",
        name=next((latest[system] for system in NAMES if latest.get(system)), ""),
        mac=mac,
        maker=maker(mac) if mac else "",
        asset=asset.id if asset else None,
        zone=asset.zone if asset else None,
        site=asset.site if asset else rows[0].site,
        first=min(one.first for one in rows),
        last=rows[0].last,
        says=tuple(sorted(rows[:MOST_SAID], key=lambda one: (one.system, one.value))),
        doubts=tuple(doubts),
    )


def _asset(ip: str, mac: str, rows: list[Said], hospital: Hospital) -> tuple[Asset | None, list[Text]]:
    """Return the asset that a station is, and what speaks against it."""
    named = [("ip", ip), ("mac", mac)]
    said = {(one.system, one.value.partition("|")[0]) for one in rows if one.system in ("dicom", "hl7")}
    named += sorted(said)
    asset: Asset | None = None
    doubts: list[Text] = []
    for system, value in named:
        other = hospital.at_address(system, value) if value else None
        if other is None:
            continue
        if asset is None:
            asset = other
            if system != "ip" and other.addresses.get("ip", ip) != ip:
                doubts.append(say("{asset} should be at {home}.", asset=Ref(other.id), home=other.addresses["ip"]))
        elif other.id != asset.id:
            doubts.append(
                say("Its {system} {value} belongs to {asset}.", system=system, value=value, asset=Ref(other.id))
            )
    if asset is not None and mac and asset.addresses.get("mac", mac) != mac:
        doubts.append(say("{asset} has another network card, {mac}.", asset=Ref(asset.id), mac=asset.addresses["mac"]))
    return asset, doubts


def _order(ip: str) -> tuple[int, list[int | str]]:
    """Order IPv4 addresses by their numbers, others after them."""
    parts = ip.split(".")
    if len(parts) == 4 and all(part.isdigit() for part in parts):
        return 4, [int(part) for part in parts]
    return 6, [ip]
