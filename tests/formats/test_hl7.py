"""HL7 v2: reading, framing, answering, scheduling; fuzzed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.formats.hl7 import MAX_SEGMENTS, Hl7Error, acknowledge, read_hl7, read_time
from safecare.formats.hl7_schedule import read_booking
from safecare.formats.mllp import MllpDecoder, MllpError, frame
from safecare.scenarios.make.hl7 import Appointment, siu

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
ONE = siu("S13", Appointment("R1", "P1", "VACC", AT), at=AT, control="C1")
HEAD = rb"MSH|^~\&|APPOINT|CHU|SAFECARE|CHU|20260302080000||SIU^S13|C1|P|2.3.1"


def message(*segments: bytes, head: bytes = HEAD) -> bytes:
    return b"\r".join((head, *segments)) + b"\r"


def test_values_repetitions_and_escapes() -> None:
    found = read_hl7(message(rb"NTE|1|a\F\b\X41\c~second^x&y|\.br\ |open\end"))
    assert found.get("MSH", 1) == "|"
    assert found.get("MSH", 2) == "^~\\&"
    assert found.control == "C1"
    assert found.get("NTE", 2) == "a|bAc"
    assert found.get("NTE", 2, 2, 2, 1) == "y"
    assert found.get("NTE", 4) == "open\\end"
    assert found.get("NTE", 99) == found.get("ZZZ", 1) == ""


@pytest.mark.parametrize("kind", [b"MARTIN^S13", b"SIU^JEAN", b"ADT^A01"])
def test_a_reason_tells_codes_and_never_what_may_be_a_name(kind: bytes) -> None:
    with pytest.raises(Hl7Error) as caught:
        read_booking(read_hl7(message(head=HEAD.replace(b"SIU^S13", kind))))
    assert "MARTIN" not in caught.value.reason
    assert "JEAN" not in caught.value.reason
    assert ("'ADT'" in caught.value.reason) == (kind == b"ADT^A01")


def test_other_separators() -> None:
    found = read_hl7(b"MSH#*~!@#A#B#C#D#20260302##SIU*S12#7#P#2.5\rSCH#1*x\r")
    assert found.kind == ("SIU", "S12")
    assert found.get("SCH", 1, 2) == "x"


@pytest.mark.parametrize(
    ("charset", "codec"), [("8859/1", "latin-1"), ("UNICODE UTF-8", "utf-8"), ("", "utf-8"), ("", "latin-1")]
)
def test_character_sets(charset: str, codec: str) -> None:
    head = rb"MSH|^~\&|A|B|C|D|20260302||SIU^S12|7|P|2.5||||||" + charset.encode()
    assert read_hl7(message("NTE|1|Hélène".encode(codec), head=head)).get("NTE", 2) == "Hélène"


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "MSH"),
        (b"PID|1", "MSH"),
        (b"MSH|^", "MSH-2"),
        (b"MSH|||||||||", "MSH-2"),
        (message(b"NTE|1", head=HEAD + b"||||||KLINGON"), "MSH-18"),
        (message(b"NTE|\xff", head=HEAD + b"||||||UNICODE UTF-8"), "message"),
        (message(b"lower|1"), "segment 2"),
        (message(HEAD), "segment 2"),
        (message(b"NTE" + b"|" * 2000), "segment 2"),
        (message(*[b"NTE|1"] * (MAX_SEGMENTS + 1)), "message"),
    ],
)
def test_unreadable(raw: bytes, place: str) -> None:
    with pytest.raises(Hl7Error) as error:
        read_hl7(raw)
    assert error.value.place == place
    assert error.value.reason


def test_acknowledgement() -> None:
    told = read_hl7(acknowledge(ONE, "AE", AT, "A1", "no | room", "SCH^1", "207"))
    assert told.kind == ("ACK", "S13")
    assert told.get("MSH", 5) == "APPOINT"
    assert (told.get("MSA", 1), told.get("MSA", 2), told.get("MSA", 3)) == ("AE", "C1", "no | room")
    assert told.get("ERR", 3) == "207"
    assert told.get("ERR", 8) == "no | room"
    good = read_hl7(acknowledge(ONE, "AA", AT, "A2"))
    assert good.get("MSA", 1) == "AA"
    assert "ERR" not in good.index


def test_answer_to_nobody() -> None:
    assert b"MSA|AR" in acknowledge(b"garbage", "AR", AT, "A1", "does not start with MSH")


@pytest.mark.parametrize(
    ("segments", "start", "resource"),
    [
        ((b"SCH|1|2|||||||||^^^20260305140000",), AT.replace(day=5, hour=13), ""),
        ((b"SCH|1", b"TQ1|1||||||20260305140000+0000"), AT.replace(day=5, hour=14), ""),
        ((b"SCH|1||||SCHED", b"AIS|1|A|VAC^x|202603051400"), AT.replace(day=5, hour=13), "SCHED"),
        ((b"SCH|1", b"AIG|1|A|ROOM7^x||||||202603051400Z"), None, "ROOM7"),
        ((b"SCH|1", b"AIL|1|A|HALL^2^x|||202607051400"), AT.replace(month=7, day=5, hour=12), "HALL/2"),
        ((b"SCH|1", b"AIL|1|A|HALL", b"TQ1|1||||||20261399"), None, "HALL"),
    ],
)
def test_where_start_and_resource_stand(segments: tuple[bytes, ...], start: datetime | None, resource: str) -> None:
    found = read_booking(read_hl7(message(*segments)), ZoneInfo("Europe/Paris"))
    assert found.change == "moved"
    assert found.start == (start.replace(minute=0) if start else None)
    assert found.resource == resource


@pytest.mark.parametrize(
    ("raw", "place", "code"),
    [
        (message(b"PID|1", head=HEAD.replace(b"SIU^S13", b"ADT^A01")), "MSH-9", "200"),
        (message(b"SCH|1", head=HEAD.replace(b"S13", b"S99")), "MSH-9", "201"),
        (message(b"PID|1"), "SCH", "100"),
        (message(b"SCH|"), "SCH-1", "101"),
    ],
)
def test_not_a_booking(raw: bytes, place: str, code: str) -> None:
    with pytest.raises(Hl7Error) as error:
        read_booking(read_hl7(raw))
    assert (error.value.place, error.value.code) == (place, code)


@pytest.mark.parametrize("value", ["", "2026", "20261301", "20260230", "99999999", "2026030525", "20260305+9999", "x"])
def test_no_time(value: str) -> None:
    assert read_time(value) is None


@given(
    st.lists(st.binary(max_size=50).filter(lambda raw: b"\x1c\r" not in raw + b"\x1c"), max_size=8), st.integers(1, 7)
)
def test_framing_survives_any_cut(messages: list[bytes], step: int) -> None:
    stream = b"\r\n".join(map(frame, messages))
    decoder = MllpDecoder()
    out: list[bytes] = []
    for place in range(0, len(stream), step):
        out += decoder.feed(stream[place : place + step])
    assert out == messages
    assert not decoder.take_junk()
    assert not decoder.waiting


def test_junk_is_kept_apart() -> None:
    decoder = MllpDecoder()
    assert decoder.feed(b"GET / HTTP/1.1\r\n\r\n" + frame(b"x")) == [b"x"]
    assert decoder.take_junk() == b"GET / HTTP/1.1"


def test_framing_is_bounded() -> None:
    with pytest.raises(MllpError):
        MllpDecoder(limit=100).feed(b"\x0b" + b"x" * 200)
    decoder = MllpDecoder()
    with pytest.raises(MllpError):
        list(map(decoder.feed, [b"y" * 50_000] * 2))


PIECES = st.sampled_from(
    [
        b"MSH|^~\\&",
        b"|",
        b"^",
        b"~",
        b"\\",
        b"&",
        b"\r",
        b"SCH|1",
        b"SIU^S12",
        b"\\X4",
        b"\\F\\",
        b"\xe9",
        b"TQ1",
        b"20260305",
        b"UNICODE UTF-8",
        b"8859/1",
        b"MSH",
    ]
)


@given(
    st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=60).map(lambda all_: b"MSH|^~\\&|" + b"".join(all_)))
)
@settings(max_examples=400, deadline=None)
def test_only_the_declared_error(raw: bytes) -> None:
    try:
        found = read_hl7(raw)
        for segment in found.segments:
            for number in range(1, min(len(segment), 20)):
                found.value(segment, number)
        read_booking(found)
    except Hl7Error:
        pass
    assert acknowledge(raw, "AE", AT, "A1", "reason").startswith(b"MSH|")
