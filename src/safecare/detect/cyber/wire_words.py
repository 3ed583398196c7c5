"""How what controllers and medical devices are told to do is called in sentences, and how grave it is."""

from __future__ import annotations

from safecare.model.events.network import CommandSeen, ConnectionSeen
from safecare.model.hospital import Asset, Hospital
from safecare.model.ids import AssetId, ZoneId
from safecare.model.text import Ref, Text, say

PHRASES: dict[str, Text] = {
    "stop": say("Stop of the controller"),
    "start": say("Start of the controller"),
    "restart": say("Restart of the device"),
    "mode": say("Change of the operating mode"),
    "download": say("Program download"),
    "upload": say("Program upload (reading out the program)"),
    "firmware": say("Firmware change"),
    "program": say("Programming of the device"),
    "file-write": say("File written to the device"),
    "delete": say("Deletion on the device"),
    "create": say("Creation of an object"),
    "silence": say("Switching off of the device's communication"),
    "network": say("Change of network settings"),
    "force": say("Forcing of values"),
    "operate": say("Control command"),
    "write": say("Write command"),
    "time": say("Change of date or time"),
    "password": say("Password or key sent to the device"),
    "lock": say("Lock of the controller"),
    "unlock": say("Unlock of the controller"),
    "routing": say("Routing message"),
    "register": say("Registration as a foreign device"),
    "clear": say("Clearing of counters or values"),
    "config": say("Change of configuration"),
    "control": say("Service call on the controller"),
    "diagnose": say("Diagnostic command"),
    "engineer": say("Engineering access"),
    "tunnel": say("Tunnel into the bus"),
    "unknown": say("Unknown function"),
    "malformed": say("Malformed message"),
}
"""Operations in words."""

SEVERITY = {
    "firmware": 85, "stop": 80, "silence": 75, "download": 75, "restart": 70, "delete": 70, "program": 70,
    "file-write": 70, "mode": 65, "network": 65, "force": 65, "start": 55, "operate": 55, "create": 50,
    "routing": 45, "time": 45, "lock": 45, "upload": 45, "password": 40, "register": 40, "config": 40, "control": 40,
    "write": 35, "clear": 35, "unlock": 35, "diagnose": 30, "unknown": 35, "engineer": 25, "tunnel": 55,
}  # fmt: skip
"""Severity by operation (chosen: what stops or reprograms a device comes first; writes are daily work of masters)."""

CRITICAL = frozenset(
    {
        "firmware",
        "stop",
        "silence",
        "download",
        "restart",
        "delete",
        "program",
        "file-write",
        "mode",
        "network",
        "force",
    }
)
"""Operations that are never learned by watching: only a person can say that they are normal."""

TECHNIQUES = {
    "firmware": "T0857", "stop": "T0816", "silence": "T0814", "download": "T0843", "restart": "T0816", "mode": "T0858",
    "program": "T0843", "upload": "T0845", "write": "T0855", "operate": "T0855", "force": "T0855", "password": "T0859",
    "file-write": "T0843", "network": "T0836", "time": "T0836", "config": "T0836", "create": "T0836", "delete": "T0809",
    "tunnel": "T0822",
}  # fmt: skip
"""MITRE ATT&CK for ICS technique by operation."""

PROTOCOLS = {
    "bacnet": "BACnet", "modbus": "Modbus", "s7": "S7", "cip": "CIP", "enip": "EtherNet/IP", "dnp3": "DNP3",
    "knx": "KNX", "dicom": "DICOM", "hl7": "HL7", "mqtt": "MQTT",
}  # fmt: skip
"""Protocols as they are written."""


def end(hospital: Hospital, ip: str) -> Ref | str:
    """Return how a station is called: the asset that has the address, or the address."""
    asset = hospital.at_address("ip", ip)
    return Ref(asset.id) if asset else ip


def target_of(hospital: Hospital, ip: str) -> Ref | str | Text:
    """Return how a commanded device is called, with its room where it is known."""
    asset = hospital.at_address("ip", ip)
    if asset is None:
        return ip
    return say("{asset} ({zone})", asset=Ref(asset.id), zone=Ref(asset.zone)) if asset.zone else Ref(asset.id)


def phrase(event: CommandSeen) -> Text | str:
    """Return what a command does, in words; its own name if it has none."""
    return PHRASES.get(event.operation, event.command)


def what(event: CommandSeen) -> Text:
    """Return the sentence that gives a command in its protocol's own words."""
    target = " ".join(part for part in (event.unit, event.target) if part)
    if event.value:
        return say(
            "{protocol} command {command}, {target}, value {value}.",
            protocol=PROTOCOLS.get(event.protocol, event.protocol),
            command=event.command,
            target=target or "-",
            value=event.value,
        )
    return say(
        "{protocol} command {command}, {target}.",
        protocol=PROTOCOLS.get(event.protocol, event.protocol),
        command=event.command,
        target=target or "-",
    )


def concerned(hospital: Hospital, event: CommandSeen | ConnectionSeen) -> tuple[list[AssetId], list[ZoneId], list[str]]:
    """Return assets (the commanded one first), zones, and addresses that are no asset."""
    assets: list[Asset] = []
    peers: list[str] = []
    for ip in (event.dst_ip, event.src_ip):
        asset = hospital.at_address("ip", ip)
        if asset is None:
            peers.append(ip)
        else:
            assets.append(asset)
    return [one.id for one in assets], [one.zone for one in assets if one.zone], peers
