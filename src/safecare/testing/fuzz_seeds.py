"""The parsers that are fuzzed: how each is called, what it may raise, and good inputs to begin with."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from safecare.formats.baseline import BaselineError, read_baseline
from safecare.formats.eve import EveError, read_eve
from safecare.formats.hl7 import Hl7Error, read_hl7
from safecare.formats.idmef import IdmefError, read_idmef
from safecare.formats.logs.atna import AtnaError, read_atna
from safecare.formats.logs.cef import CefError, read_cef
from safecare.formats.logs.files import read_log
from safecare.formats.logs.syslog import SyslogError, read_syslog
from safecare.formats.mail_auth import Reply
from safecare.formats.mail_auth.check import checked
from safecare.formats.mail_auth.spf import check_host
from safecare.formats.mllp import MllpDecoder, MllpError
from safecare.formats.netflow import Netflow, NetflowError
from safecare.formats.packets.dissect import Dissector
from safecare.formats.packets.file import CaptureError, Reading, read_frames
from safecare.formats.readings import SeriesError, read_series
from safecare.formats.wazuh import WazuhError, read_wazuh
from safecare.formats.wire.message import Talk, WireError
from safecare.formats.wire.protocols import PROTOCOLS
from safecare.formats.zeek import ZeekError
from safecare.model.event import Event
from safecare.sources.eve.decode import read_eve_lines
from safecare.sources.syslog.decode import events_of as alert_events
from safecare.sources.syslog.decode import of_wazuh
from safecare.sources.zeek.follow import read_zeek_lines
from safecare.testing import fuzz_packed, fuzz_panels
from safecare.testing.captures import (
    Wire,
    bacnet,
    dicom_associate,
    dicom_message,
    hl7,
    modbus,
    process_network,
    s7,
)
from safecare.testing.fuzz_target import Target
from safecare.testing.greetings import (
    dhcp,
    mdns,
    mqtt_connect,
    mqtt_publish,
    smb_create,
    smb_rename,
    smb_write,
    tls_hello,
)
from safecare.testing.hospital import small_hospital


class ParserFailedError(Exception):
    """The packet road caught what a parser may not raise."""


def _capture(raw: bytes) -> None:
    dissector = Dissector()
    for frames in read_frames(raw, Reading()):
        for _ in dissector.feed(frames):
            pass
    for _ in dissector.finish():
        pass
    failed = [reason for reason in dissector.counts if "parser failed" in reason]
    if failed:
        raise ParserFailedError(failed[0])


def _said(name: str) -> Callable[[bytes], None]:
    """Return a reader of one protocol's stream: as the packet road does it, one message after the other, both ways."""
    protocol = PROTOCOLS[name]

    def read(raw: bytes) -> None:
        for asked in (True, False):
            talk, data = Talk(asked=asked), raw
            protocol.sniff(data)
            for _ in range(64):
                size = protocol.size(data) if data else -1
                if size <= 0:
                    break
                try:
                    for _ in protocol.parse(data[:size], talk):
                        pass
                except WireError:
                    pass
                if size >= len(data):
                    break
                data = data[size:]

    return read


def _over_tcp(name: str) -> Callable[[bytes], None]:
    """Return a reader of bytes that come in odd pieces over TCP, so that reassembly and carving are tried too."""
    port = min(PROTOCOLS[name].ports)

    def read(raw: bytes) -> None:
        wire = Wire()
        talk = wire.tcp("10.0.0.1", 40_000, "10.0.0.2", port)
        step = 1 + len(raw) // 7
        for at in range(0, len(raw), step):
            (talk.ask if at // step % 5 else talk.answer)(raw[at : at + step])
        _capture(wire.pcap())

    return read


def _lines(raw: bytes) -> None:
    for _ in read_series(raw.decode("utf-8", "replace").splitlines()):
        pass


def _kept(events: Sequence[Event]) -> None:
    """Lay events down as the log and the database do: what they cannot hold is a fault of the reader."""
    msgspec.msgpack.encode(events)
    for event in events:
        for value in msgspec.structs.asdict(event).values():
            if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
                raise OverflowError("more than a column of the database holds")


def _eve(raw: bytes) -> None:
    _kept(read_eve_lines(raw, _HOSPITAL, "eve", _NOW)[0])


def _zeek(raw: bytes) -> None:
    _kept(read_zeek_lines(raw, b"", "conn", _HOSPITAL, "zeek", _NOW)[0])


def _wazuh(raw: bytes) -> None:
    if told := of_wazuh(read_wazuh(raw)):
        _kept(list(alert_events(told, _HOSPITAL, "wazuh", _NOW, raw)))


def _netflow(raw: bytes) -> None:
    reader = Netflow()
    for datagram in (_TEMPLATE, raw, raw):
        for _ in reader.read(datagram, "10.0.0.1"):
            pass


def _mllp(raw: bytes) -> None:
    decoder = MllpDecoder()
    for at in range(0, len(raw), 97):
        decoder.feed(raw[at : at + 97])


_HOSPITAL = small_hospital()
_NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
_TEMPLATE = struct.pack(">HHIIII", 9, 1, 60_000, 1_750_000_000, 1, 7) + struct.pack(
    ">HHHHHHHHHHHHHHHH", 0, 32, 256, 6, 8, 4, 12, 4, 7, 2, 11, 2, 1, 4, 4, 1
)
_FLOW9 = struct.pack(">HHIIII", 9, 1, 60_000, 1_750_000_000, 2, 7) + struct.pack(">HH", 256, 21) + bytes(range(17))
_FLOW5 = struct.pack(">HHIIIIBBH", 5, 1, 60_000, 1_750_000_000, 0, 1, 0, 0, 0) + bytes(range(48))
_IPFIX = struct.pack(">HHIII", 10, 44, 1_750_000_000, 1, 7) + struct.pack(
    ">HHHHHHHHHHHHHH", 2, 28, 300, 5, 8, 4, 12, 4, 7, 2, 11, 2, 1, 65_535
)
_EVE = (
    b'{"timestamp":"2026-11-26T03:00:00.000001+0000","event_type":"flow","src_ip":"10.0.0.1","src_port":4000,"dest_ip":'
    b'"10.0.0.2","dest_port":445,"proto":"TCP","flow":{"bytes_toserver":10,"bytes_toclient":5,"state":"closed"},'
    b'"alert":{"signature":"ET","category":"x","severity":1}}'
)
_ZEEK = (
    b"#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tconn_state\n"
    b"1750000000.5\tC1\t10.1.10.31\t50000\t10.1.20.10\t445\ttcp\tSF\n"
)
_ZEEK_JSON = (
    b'{"ts":1750000000.5,"uid":"C1","id.orig_h":"10.1.10.31","id.orig_p":50000,"id.resp_h":"10.1.20.10","id.resp_p":445,'
    b'"proto":"tcp","conn_state":"SF","orig_bytes":10,"resp_bytes":5,"service":"smb"}\n'
)
_CEF = "CEF:0|Fortinet|FortiGate|7|1|denied|5|src=10.0.0.1 dst=10.0.0.2 msg=a\\=b rt=1750000000000"
_SYSLOG = b'<165>1 2026-11-26T03:00:00Z fw app 1 ID47 [x@1 a="b"] ' + _CEF.encode()
_ACCESS = b'10.0.0.9 - eve [26/Nov/2026:04:00:00 +0100] "GET /a?x=1 HTTP/1.1" 200 12 "-" "agent"\n'
_W3C = b"#Fields: date time cs-method cs-uri-stem c-ip\n2026-11-26 03:00:00 GET /a 10.0.0.9\n"
_ATNA = (
    '<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-11-26T03:00:00.000+01:00"><EventID '
    'csd-code="110106" codeSystemName="DCM" originalText="Export"/><EventTypeCode csd-code="ITI-32"/>'
    '</EventIdentification><ActiveParticipant UserID="PACS1" UserIsRequestor="true" NetworkAccessPointID="10.0.0.9">'
    '<RoleIDCode code="110153" displayName="Source"/></ActiveParticipant><AuditSourceIdentification AuditSourceID="x"/>'
    '<ParticipantObjectIdentification ParticipantObjectID="1.2.3"><ParticipantObjectDetail type="MSH-10" value="Nw=="/>'
    "</ParticipantObjectIdentification></AuditMessage>"
)
_WAZUH = (
    b'{"timestamp":"2026-11-26T03:00:00.000+0000","rule":{"level":7,"description":"x","id":"5712","groups":["sshd"]},'
    b'"agent":{"id":"001","name":"pacs","ip":"10.0.0.5"},"data":{"srcip":"10.0.0.9","win":{"eventdata":{"user":"u"}}}}'
)
_BASELINE = (
    b'{"conversations":[{"client":"10.0.0.1","server":"10.0.0.2","transport":"tcp","port":502,"service":"modbus"}],'
    b'"commands":[{"client":"10.0.0.1","server":"10.0.0.2","protocol":"modbus","command":"write","operation":"write"}],'
    b'"identities":[{"ip":"10.0.0.1","system":"mac","value":"02:00:00:00:00:01"}],"learned_from":"x","reviewed_by":"y",'
    b'"version":1}'
)
_IDMEF = (
    b'{"Version":"2.D.V04","ID":"09db946e-673e-49af-b4b2-a8cd9da58de6","CreateTime":"2026-11-26T03:00:00Z",'
    b'"Analyzer":{"Name":"x"}}'
)
_HTTP = (
    b"POST /u HTTP/1.1\r\nHost: a\r\nContent-Type: application/pdf\r\nContent-Length: 9\r\n\r\n%PDF-1.4\n"
    b"GET / HTTP/1.1\r\n\r\n"
)
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
_SMTP = b"EHLO a\r\nMAIL FROM:<a@b>\r\nDATA\r\nSubject: x\r\n\r\nbody\r\n.\r\nBDAT 5 LAST\r\nhello"
_ODD = Wire()
_ODD.udp("fe80::1", 47808, "fe80::2", 47808, bacnet(b"\x10\x08"))
_ODD.arp("02:00:00:00:00:09", "10.0.0.1")
_ODD.ip("10.0.0.1", "10.0.0.2", 17, struct.pack(">HHHH", 47808, 47808, 20, 0), ident=7, fragment=0x2000)
_ODD.ip("10.0.0.1", "10.0.0.2", 17, bacnet(b"\x10\x08"), ident=7, fragment=1)
_ODD.ip("10.0.0.1", "10.0.0.2", 47, struct.pack(">HH", 0, 0x6558) + _ODD.frames[0][1])
_ODD.udp("10.0.0.1", 9, "10.0.0.2", 4789, b"\x08\0\0\0\0\0\1\0" + _ODD.frames[0][1])
_ODD.frame(struct.pack(">I", 0x1140) + _ODD.frames[2][1][14:], 0x8847)
_ODD.frame(struct.pack(">HHH", 5, 0x8100, 6) + _ODD.frames[0][1][12:], 0x88A8)

_TLS12 = bytes.fromhex("1603030030") + b"\2\0\0\x2c\3\3" + bytes(32) + b"\0\xc0\x2f\0\0\4\0\x17\0\0"
_TLS12 += bytes.fromhex("1603030013") + b"\x0b\0\0\x0f\0\0\x0c\0\0\x09\x30\x07\x30\x05\2\1\7\5\0"
_STOP = s7(b"\x29" + bytes(5) + b"\x09P_PROGRAM")
_SZL = s7(
    bytes.fromhex("0001120812840101") + bytes(4),
    b"\xff\x09" + struct.pack(">HHHHH", 36, 0x11, 0, 28, 1) + b"\0\1" + b"6ES7 " * 4 + bytes(6),
    7,
)
SAID: dict[str, tuple[bytes, ...]] = {
    "modbus": (
        *(modbus(1, 1, struct.pack(">BHH", code, 0, 4)) for code in (1, 3, 5, 6)),
        modbus(2, 1, struct.pack(">BHHB4H", 16, 0, 4, 8, 1, 2, 3, 4)),
        modbus(3, 1, b"\x2b\x0e\1\0"),
        modbus(3, 1, b"\x2b\x0e\1\1\0\0\1\0\3abc"),
        modbus(4, 1, b"\x83\2"),
    ),
    "s7": (
        _STOP,
        s7(b"\xf0" + bytes(7)),
        _SZL,
        b"\x03\0\0\x1f\x02\xf0\x80\x72\x01\0\x10\x31\0\0\x04\xca\0\0\0\2" + bytes(11),
    ),
    "bacnet": (
        bacnet(bytes([0, 5, 1, 20, 9, 0])),
        bacnet(b"\x10\x08"),
        bacnet(b"\x10\0\xc4\2\0\0\1\x22\4\0\x91\0\x21\5"),
        bacnet(bytes.fromhex("000501150c0080000119553e44422000003f3908")),
        bacnet(bytes.fromhex("30010c0c0000000119553e44422000003f")),
        bytes.fromhex("810a001101040005010c0c000000011955"),
        bacnet(bytes.fromhex("100209011c020000012c00000001390a4e09552e4441b000002f096f2e8204002f4f")),
    ),
    "dnp3": (bytes.fromhex("0564 08c4 0400 0300 b4b8 c0c0 0d 9c86".replace(" ", "")),),
    "enip": (
        struct.pack("<HHIIQI", 0x6F, 22, 1, 0, 0, 0)
        + bytes(6)
        + struct.pack("<HHHHH", 2, 0, 0, 0xB2, 6)
        + b"\7\2\x20\x8e\x24\1",
        struct.pack("<HHIIQI", 0x63, 0, 0, 0, 0, 0),
    ),
    "knx": (
        bytes.fromhex("0610042000150401000011 00bce0 1101 0a03 01 0080".replace(" ", "")),
        bytes.fromhex("06100205001a0801c0a80001 0e570801c0a800010e5704040200".replace(" ", "")),
    ),
    "dicom": (
        dicom_associate("CT1", "PACS"),
        dicom_associate("CT1", "PACS", 2),
        dicom_message({0x00000100: struct.pack("<H", 0x20), 0x00000110: struct.pack("<H", 1)}),
        struct.pack(">BBI", 4, 0, 10) + struct.pack(">IBB", 6, 1, 0) + b"DICM",
    ),
    "hl7": (hl7("ADT^A01", "77"), hl7("ORU^R01", "78", extra="OBX|1|ED|x||^^PDF^Base64^JVBERi0xLjQK\r")),
    "http": (_HTTP, _CHUNKED),
    "smtp": (_SMTP, b"220 mail ESMTP\r\n250 ok\r\n"),
    "tls": (tls_hello("pacs.local"), tls_hello("", server=True), _TLS12),
    "smb": (smb_create("docs\\a.docx"), smb_rename("docs\\a.docx.locked"), smb_write(bytes(range(256)) * 8)),
    "mqtt": (mqtt_connect("pump-7"), mqtt_publish("ward/3/pump"), mqtt_connect("pump-7", level=5)),
    "dhcp": (dhcp("02:00:00:00:00:07", "10.0.0.7", 3), dhcp("02:00:00:00:00:07", "10.0.0.7", 5)),
    "mdns": (mdns("printer", "10.0.0.9"),),
    "snmp": (
        bytes.fromhex("302602010104067075626c6963a319020107020100020100300e300c06082b06010201010500") + b"\5\0",
        bytes.fromhex("302802010104067075626c6963a21b02010702010002010030103" + "00e06082b060102010105000402") + b"ab",
    ),
}
"""Good messages, by protocol."""

_SIGNED = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=b.example; i=@b.example; s=k; h=from:to; "
    b"bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    b" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\nFrom: a@b.example\r\n\r\nv=DMARC1; p=reject; adkim=s\r\n"
)


_PASSED_ON = (
    b"ARC-Seal: i=1; a=ed25519-sha256; cv=none; d=b.example; s=k; b=AAAA\r\n"
    b"ARC-Message-Signature: i=1; a=ed25519-sha256; c=relaxed/relaxed; d=b.example; s=k; h=from; bh=AAAA; b=AAAA\r\n"
    b"ARC-Authentication-Results: i=1; mx.b.example; dmarc=pass header.from=b.example\r\nFrom: a@b.example\r\n\r\nx\r\n"
)


def _senders(raw: bytes) -> object:
    """Check a mail's sender; what stands in it is what the DNS answers, too."""
    told = raw[-200:].decode("utf-8", "replace")
    key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    wanted = checked(raw, "pass b.example", {}).wanted
    return checked(raw, "pass b.example", {one.key: Reply((key, told)) for one in wanted})


def _spf(raw: bytes) -> object:
    """Check whether a host may send; every name has this record, and these hosts."""
    told = raw.decode("utf-8", "replace")
    asking = check_host("192.0.2.1", f"{told[:20]}@b.example", told[-20:])
    try:
        query = next(asking)
        while True:
            query = asking.send(Reply((told,) if query.type == "TXT" else ("192.0.2.9", "host.example", told[:30])))
    except StopIteration as done:
        return done.value


TARGETS: tuple[Target, ...] = (
    Target("pcap", _capture, (process_network(1, "write", 3).pcap(), _ODD.pcap()), (CaptureError,)),
    Target("packed", _capture, (gzip.compress(process_network(1, "", 2).pcap()),), (CaptureError,)),
    Target("pcapng", _capture, (process_network(1, "scan", 2).pcapng(), _ODD.pcapng()), (CaptureError,)),
    *(Target(name, _said(name), seeds) for name, seeds in SAID.items()),
    *(Target(f"{name}-stream", _over_tcp(name), seeds) for name, seeds in SAID.items() if PROTOCOLS[name].tcp),
    Target("mail-senders", _senders, (_SIGNED, _SIGNED.replace(b"relaxed/relaxed", b"simple/simple; l=3"), _PASSED_ON)),
    Target("spf", _spf, (b"v=spf1 a mx:%{d} include:i.example ip4:192.0.2.0/24//64 exists:%{ir}.%{l1r-}.x -all",)),
    Target("eve", read_eve, (_EVE,), (EveError,)),
    Target("eve-events", _eve, (_EVE, _EVE.replace(b'"flow","src', b'"alert","src'))),
    Target("zeek", _zeek, (_ZEEK, _ZEEK_JSON), (ZeekError,)),
    Target("netflow", _netflow, (_TEMPLATE, _FLOW9, _FLOW5, _IPFIX), (NetflowError,)),
    Target(
        "syslog",
        lambda raw: read_syslog(raw, datetime(2026, 11, 26, tzinfo=UTC), lenient=True),
        (_SYSLOG, b"<13>Nov 26 03:00:00 host app[1]: words"),
        (SyslogError,),
    ),
    Target(
        "wazuh",
        _wazuh,
        (_WAZUH, b'{"timestamp":"2026-11-26T03:00:00.000+0000","rule":{"level":7,"description":"x"}}'),
        (WazuhError,),
    ),
    Target("cef", lambda raw: read_cef(raw.decode("utf-8", "replace")), (_CEF.encode(),), (CefError,)),
    Target("atna", lambda raw: read_atna(raw.decode("utf-8", "replace")), (_ATNA.encode(),), (AtnaError,)),
    Target("log-file", lambda raw: list(read_log(io.BytesIO(raw))), (_SYSLOG + b"\n" + _EVE, _ZEEK, _ACCESS, _W3C)),
    Target("idmef", lambda raw: read_idmef(raw, _HOSPITAL), (_IDMEF,), (IdmefError,)),
    Target("hl7-record", read_hl7, (hl7("ADT^A01", "77")[1:-2],), (Hl7Error,)),
    Target("mllp", _mllp, (hl7("ADT^A01", "77") * 3,), (MllpError,)),
    Target("series", _lines, (b"timestamp,value\n2026-11-26 03:00:00,1.5\n2026-11-26 03:05:00,2\n",), (SeriesError,)),
    Target(
        "baseline",
        read_baseline,
        (_BASELINE, b'{"conversations":[{"client":"10.0.0.1","server":"10.0.0.2","transport":"tcp","port":502}]}'),
        (BaselineError,),
    ),
    *fuzz_panels.TARGETS,
    *fuzz_packed.TARGETS,
)
"""Everything that is fuzzed."""
