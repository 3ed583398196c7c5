"""All protocols that we read, by name, and which operations they come to."""

from __future__ import annotations

from safecare.formats.wire import (
    bacnet,
    cip,
    dhcp,
    dicom,
    dnp3,
    hl7,
    http,
    knx,
    mdns,
    modbus,
    mqtt,
    s7,
    smb,
    smtp,
    snmp,
    tls,
)
from safecare.formats.wire.message import Protocol

PROTOCOLS: dict[str, Protocol] = {
    one.name: one
    for one in (
        dicom.PROTOCOL,
        hl7.PROTOCOL,
        s7.PROTOCOL,
        dnp3.PROTOCOL,
        cip.PROTOCOL,
        modbus.PROTOCOL,
        bacnet.PROTOCOL,
        knx.PROTOCOL,
        http.PROTOCOL,
        smtp.PROTOCOL,
        tls.PROTOCOL,
        smb.PROTOCOL,
        mqtt.PROTOCOL,
        dhcp.PROTOCOL,
        mdns.PROTOCOL,
        snmp.PROTOCOL,
    )
}
"""In the order in which payloads are tried: the ones with the surest beginnings first."""

ALIASES = {"cip": "enip", "ethernetip": "enip", "s7comm": "s7", "knxnet": "knx", "mllp": "hl7", "modbustcp": "modbus"}
"""Other names that people use on the command line."""

GREETINGS = frozenset({"tls", "dhcp", "mdns"})
"""Protocols that are read only for what stations say about themselves."""

CARRIERS = frozenset({"http", "smtp"})
"""Protocols that are read only for the files that they carry."""

READS = frozenset(
    {"read", "session", "identify", "discover", "announce", "notice", "message", "store", "file", "other"}
)
"""Operations that change nothing on a device."""
