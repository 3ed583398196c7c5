"""Files that HTTP, SMTP, DICOM and HL7 carry come out whole, within bounds."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.packets.dissect import Dissector, Spoken
from safecare.formats.packets.file import Reading, read_frames
from safecare.formats.wire import http, smtp
from safecare.formats.wire.message import Talk, WireError
from safecare.testing.captures import Tcp, Wire, dicom_associate, dicom_message, hl7

A, B = "10.1.10.31", "10.1.20.10"
FILE = b"MZ" + bytes(range(256)) * 40
MAIL = b"From: a@example.org\r\nSubject: hello\r\n\r\n..dots\r\nbody\r\n"


def carried(wire: Wire, counts: dict[str, int] | None = None) -> list[Spoken]:
    dissector = Dissector()
    found = [one for frames in read_frames(wire.pcap(), Reading()) for one in dissector.feed(frames)]
    found += dissector.finish()
    if counts is not None:
        counts.update(dissector.counts)
    return [one for one in found if isinstance(one, Spoken) and one.message.file]


def sent(talk: Tcp, raw: bytes, *, back: bool = False, step: int = 1000) -> None:
    for at in range(0, len(raw), step):
        (talk.answer if back else talk.ask)(raw[at : at + step])


@pytest.mark.parametrize("chunked", [False, True])
def test_download_over_http(chunked: bool) -> None:
    wire = Wire()
    talk = wire.tcp(A, 40_000, B, 8081)
    talk.ask(b"GET /setup.exe HTTP/1.1\r\nHost: x\r\n\r\n")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-msdownload\r\n"
    if chunked:
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (FILE[:5000], FILE[5000:])) + b"0\r\n\r\n"
        sent(talk, head + b"Transfer-Encoding: chunked\r\n\r\n" + body, back=True)
    else:
        sent(talk, head + b"Content-Length: %d\r\n\r\n" % len(FILE) + FILE, back=True)
    [one] = carried(wire)
    assert (one.message.file, one.message.media, one.src) == (FILE, "application/x-msdownload", B)


def test_mail_over_smtp() -> None:
    wire = Wire()
    talk = wire.tcp(A, 40_000, B, 2525)
    talk.answer(b"220 mx ESMTP ready\r\n")
    for line in (b"EHLO x\r\n", b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@example.org>\r\n", b"DATA\r\n"):
        talk.ask(line)
        talk.answer(b"250 ok\r\n")
    sent(talk, MAIL + b".\r\nQUIT\r\n", step=20)
    [one] = carried(wire)
    assert one.message.file == MAIL.replace(b"\r\n..", b"\r\n.").removesuffix(b"\r\n")
    assert one.message.media == "message/rfc822"


def test_image_over_dicom() -> None:
    wire = Wire()
    talk = wire.tcp(A, 40_000, B, 104)
    talk.ask(dicom_associate("CT1", "PACS"))
    talk.answer(dicom_associate("CT1", "PACS", 2))
    store = {0x00000002: b"1.2.840.10008.5.1.4.1.1.2\0", 0x00000100: b"\1\0", 0x00001000: b"1.2.3\0"}
    talk.ask(dicom_message(store))
    talk.ask(dicom_message({0x00100020: b"PSEUDO"}, command=False))
    [one] = carried(wire)
    assert one.message.file[128:132] == b"DICM"
    assert b"1.2.840.10008.5.1.4.1.1.2" in one.message.file
    assert one.message.file.endswith(struct.pack("<HHI", 0x10, 0x20, 6) + b"PSEUDO")


def test_document_within_a_message() -> None:
    wire = Wire()
    wire.tcp(A, 40_000, B, 2575).ask(hl7("MDM^T02", "1", extra="OBX|1|ED|PDF||^application^pdf^Base64^JVBERi0="))
    wire.tcp(A, 40_001, B, 2575).ask(hl7("ADT^A01", "2"))
    [one] = carried(wire)
    assert one.message.fields["control_id"] == "1"


def test_a_file_that_is_too_large_is_counted_and_the_rest_goes_on() -> None:
    wire = Wire()
    talk = wire.tcp(A, 40_000, B, 80)
    talk.ask(b"GET /big HTTP/1.1\r\n\r\n")
    sent(talk, b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + bytes(9_000_000), back=True, step=60_000)
    sent(talk, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FILE) + FILE, back=True)
    counts: dict[str, int] = {}
    assert [one.message.file for one in carried(wire, counts)] == [FILE]
    assert counts["http: message too long to be kept"] == 1


@given(st.binary(max_size=200), st.integers(0, 100))
def test_nothing_but_its_own_error(junk: bytes, cut: int) -> None:
    starts = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"DATA\r\nhi\r\n.\r\n",
        b"BDAT 5\r\nhello",
    )
    for good in starts:
        for raw in (junk, good[:cut] + junk, good + junk):
            for protocol in (http.PROTOCOL, smtp.PROTOCOL):
                protocol.sniff(raw)
                assert protocol.size(raw) >= -1
                try:
                    list(protocol.parse(raw, Talk()))
                except WireError:
                    continue
