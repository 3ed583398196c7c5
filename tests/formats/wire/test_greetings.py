"""What stations say about themselves, and what a share is told: right fields; `WireError` only for wrong bytes."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.packets.dissect import Dissector, Spoken
from safecare.formats.packets.file import Reading, read_frames
from safecare.formats.packets.flows import Conversation
from safecare.formats.wire import dhcp, mdns, mqtt, smb, tls
from safecare.formats.wire.message import Message, Protocol, Talk, WireError
from safecare.testing import greetings
from safecare.testing.captures import Wire
from safecare.testing.fuzz_seeds import SAID

HANDLE = b"\7" * 16
NEW = {"dhcp": dhcp.PROTOCOL, "mdns": mdns.PROTOCOL, "tls": tls.PROTOCOL, "mqtt": mqtt.PROTOCOL, "smb": smb.PROTOCOL}


def said(protocol: Protocol, *parts: bytes, asked: bool = True) -> list[Message]:
    talk = Talk(asked=asked)
    return [message for raw in parts for message in protocol.parse(raw, talk)]


def test_dhcp_tells_name_class_and_order_of_options() -> None:
    [request] = said(dhcp.PROTOCOL, greetings.dhcp("02:00:00:00:00:07", "10.0.0.7", 3))
    assert (request.command, request.kind) == ("request", "request")
    assert {key: request.fields[key] for key in ("mac", "address", "host", "vendor_class", "asks_for")} == {
        "mac": "02:00:00:00:00:07",
        "address": "10.0.0.7",
        "host": "pump-7",
        "vendor_class": "udhcp 1.24",
        "asks_for": "1,3,6,15",
    }
    [ack] = said(dhcp.PROTOCOL, greetings.dhcp("02:00:00:00:00:07", "10.0.0.7", 5))
    assert (ack.command, ack.fields["address"], ack.fields["server"]) == ("ack", "10.0.0.7", "10.0.0.1")


def test_mdns_tells_host_services_and_model() -> None:
    [message] = said(mdns.PROTOCOL, greetings.mdns("printer", "10.0.0.9"))
    assert message.fields == {"hosts": ["printer"], "services": ["_ipp._tcp"], "told": {"ty": "LaserJet"}}


def test_mdns_names_that_point_at_themselves_end() -> None:
    loop = greetings.mdns("printer", "10.0.0.9")[:12] + b"\xc0\x0c" + greetings.mdns("printer", "10.0.0.9")[12:]
    with pytest.raises(WireError, match="without end"):
        said(mdns.PROTOCOL, loop)


def test_tls_client_has_the_fingerprint_of_the_published_example() -> None:
    """The example of JA4's technical description: t13d1516h2_8daaf6152771_e5627efa2ab1, with GREASE in both lists."""
    ciphers = struct.unpack(">15H", bytes.fromhex("130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035"))
    algorithms = struct.pack(">8H", 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)

    def extension(code: int, body: bytes = b"") -> bytes:
        return struct.pack(">HH", code, len(body)) + body

    name = b"safecare.test"
    extensions = extension(0x1A1A) + extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name)
    extensions += extension(16, b"\0\x0c\x02h2\x08http/1.1") + extension(13, b"\0\x10" + algorithms)
    extensions += extension(43, b"\x06\x8a\x8a\x03\x04\x03\x03")
    for code in (
        0x0017,
        0xFF01,
        0x000A,
        0x000B,
        0x0023,
        0x0005,
        0x0012,
        0x0033,
        0x002D,
        0x001B,
        0x4469,
        0x0015,
        0x002B,
    ):
        extensions += extension(code) if code != 0x002B else b""
    listed = struct.pack(">16H", 0x2A2A, *ciphers)
    body = b"\x03\x03" + bytes(32) + b"\0" + struct.pack(">H", 32) + listed + b"\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    [hello] = said(tls.PROTOCOL, b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake)
    assert hello.fields["ja4"] == "t13d1516h2_8daaf6152771_e5627efa2ab1"
    assert (hello.fields["version"], hello.fields["name"]) == ("TLS 1.3", "safecare.test")


def test_tls_is_followed_to_the_answer_only_and_the_conversation_keeps_its_name() -> None:
    wire = Wire()
    talk = wire.tcp("10.0.0.1", 40_000, "10.0.0.2", 9443)
    talk.ask(greetings.tls_hello("pacs.local"))
    talk.answer(greetings.tls_hello("", server=True))
    talk.ask(b"\x16\x03\x03\0\x04" + b"what is encrypted is not looked at")
    dissector = Dissector()
    found = [one for frames in read_frames(wire.pcap(), Reading()) for one in dissector.feed(frames)]
    found += dissector.finish()
    assert [one.message.command for one in found if isinstance(one, Spoken)] == ["client_hello", "server_hello"]
    assert [one.service for one in found if isinstance(one, Conversation)] == ["tls"]
    assert not dissector.counts


@pytest.mark.parametrize("level", [4, 5])
def test_mqtt_tells_client_and_topic(level: int) -> None:
    connect = greetings.mqtt_connect("pump-7", level=level)
    found = said(mqtt.PROTOCOL, connect, greetings.mqtt_publish("ward/3/pump"))
    assert [(one.command, one.unit, one.target) for one in found] == [
        ("connect", "pump-7", ""),
        ("publish", "pump-7", "ward/3/pump"),
    ]


def test_smb_tells_writes_with_their_randomness_and_renames() -> None:
    talk = Talk()
    list(smb.parse(greetings.smb_create("share\\docs\\a.docx"), talk))
    talk.asked = False
    list(smb.parse(greetings.smb_created(HANDLE), talk))
    talk.asked = True
    random = bytes(one * 197 % 256 for one in range(4096))
    [write] = smb.parse(greetings.smb_write(random, HANDLE), talk)
    [rename] = smb.parse(greetings.smb_rename("docs\\a.docx.locked", HANDLE), talk)
    assert (write.target, write.fields["randomness"]) == ("docs\\a.docx", 8.0)
    assert list(smb.parse(greetings.smb_write(random, HANDLE, offset=4096), talk)) == []
    assert (rename.target, rename.fields["new_name"]) == ("docs\\a.docx", "docs\\a.docx.locked")
    assert smb.randomness(b"a" * 4096) == 0.0
    assert smb.randomness(random[:100]) == 0.0


@pytest.mark.parametrize("name", NEW)
@given(raw=st.binary(max_size=200), at=st.integers(0, 300))
def test_wrong_bytes_raise_nothing_else(name: str, raw: bytes, at: int) -> None:
    protocol, good = NEW[name], SAID[name][0]
    for one in (raw, good[: at % (len(good) + 1)] + raw, raw[:4] + good[4:], good[:at]):
        protocol.size(one)
        if protocol.sniff(one):
            protocol.from_client(one)
        for asked in (True, False):
            with contextlib.suppress(WireError):
                list(protocol.parse(one, Talk(asked=asked)))
