"""SIA DC-09: the samples of the standard, an independent sender, codes, and that noise raises nothing else."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
import siadc09.account
import siadc09.dc03
import siadc09.dc05
import siadc09.message
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.alarm.codes import cid_meaning, sia_meaning
from safecare.formats.alarm.dc09 import (
    LIMIT,
    Dc09Error,
    Decoder,
    Message,
    answer,
    crc16,
    encrypted,
    framed,
    key_for,
    read,
    read_keys,
)
from safecare.formats.field import signals_of

NOW = datetime(2026, 3, 17, 12, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
KEYS = read_keys({"1234": KEY})
STAMP = f"{NOW:_%H:%M:%S,%m-%d-%Y}"


def take(frame: bytes, keys: dict[str, bytes] | None = None, now: datetime = NOW) -> Message:
    return read(frame, lambda account: key_for(account, keys or {}), now)


def sealed(text: str, head: str = '"*SIA-DCS"0001L0#1234[', key: str = "1234") -> bytes:
    return framed(head + encrypted(text, KEYS[key]))


@pytest.mark.parametrize(
    ("frame", "zone", "said"),
    [  # samples of the standard
        (b'CE110032"SIA-DCS"9876R579BDFL789ABC#12345A[#12345A|NFA129]', "129", {"fire": "alarm", "code": "FA"}),
        (
            b'87CD0037"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]',
            "129",
            {"fire": "alarm", "code": "1110"},
        ),
    ],
)
def test_samples_of_the_standard(frame: bytes, zone: str, said: dict[str, object]) -> None:
    message = take(frame)
    assert [(one.zone, one.said) for one in message.events] == [(zone, said)]
    assert (message.head.account, message.head.sequence, message.at) == ("12345A", "9876", None)
    assert answer(message.head, "ACK", {}, NOW)[9:] == b'"ACK"9876R579BDFL789ABC#12345A[]\r'


def test_a_sign_of_life_that_a_panel_really_sent() -> None:
    sent = b'76D80055"*NULL"0000R0L0#AAAB[B4BC8B40D0E6D959D6BEA78E88CC0B2155741A3C44FBB96D476A3E557CAD64D9'
    body = sent[8:]
    assert crc16(body) == 0x76D8
    frame = b"%04X%04X%s" % (0x76D8, len(body), body)  # the sample's own length is wrong
    with pytest.raises(Dc09Error, match="too far from our time"):
        take(frame, read_keys({"AAAB": "41" * 16}))
    message = take(frame, read_keys({"*": "41" * 16}), datetime(2020, 7, 5, 18, 25, tzinfo=UTC))
    assert (message.head.id, message.events) == ("NULL", ())


@pytest.mark.parametrize("size", [16, 24, 32])
def test_what_an_independent_sender_encrypts_is_read_and_it_reads_our_answer(size: int) -> None:
    key = bytes(range(size)).hex()
    account = siadc09.account.Account(acct=0x1234, key=key)
    sent = siadc09.message.NullMessage(account).encode(seq=7, timestamp=NOW.replace(tzinfo=None))
    (frame,) = Decoder().feed(sent)
    keys = read_keys({"1234": key})
    message = take(frame, keys, NOW)
    assert (message.head.id, message.head.sequence, message.head.encrypted) == ("NULL", "0007", True)
    told = siadc09.message.parse_frame(answer(message.head, "ACK", keys, NOW), {account.get_id(): account.key})
    assert (told.idtoken, told.seq, told.encrypted) == ("ACK", 7, True)
    assert siadc09.message.parse_frame(answer(message.head, "DUH", keys, NOW)).idtoken == "DUH"
    assert answer(None, "NAK", keys, NOW)[9:] == f'"NAK"0000R0L0A0[]{STAMP}\r'.encode()


def test_several_events_and_texts_of_one_block() -> None:
    message = take(framed('"SIA-DCS"0001L0#1234[#1234|Nri1/id5/BA007/TA0012^Door, north^/JT/CL3]')[1:])
    told = [(one.zone, one.said["code"]) for one in message.events]
    assert told == [("7", "BA"), ("12", "TA"), ("", "JT"), ("", "CL")]
    assert take(framed('"SIA-DCS"0001L0#1234[#1234|NQZ1]')[1:]).strange == ("QZ",)


def test_codes_begin_and_end_and_opening_is_the_other_way_round() -> None:
    def said(found: object) -> object:
        return getattr(found, "said", None)

    assert said(sia_meaning("BR")) == {"alarm": "intrusion", "active": False, "code": "BR"}
    assert said(cid_meaning("3", "130")) == {"alarm": "intrusion", "active": False, "code": "3130"}
    assert said(cid_meaning("3", "401")) == {"alarm": "armed", "active": True, "code": "3401"}
    assert said(cid_meaning("1", "401")) == {"alarm": "armed", "active": False, "code": "1401"}
    assert said(cid_meaning("1", "602")) == {"alarm": "test", "active": True, "code": "1602"}
    assert said(cid_meaning("3", "422")) is None
    assert sia_meaning("QZ") is None


def test_every_code_of_the_table_can_be_told() -> None:
    letters = [chr(one) for one in range(65, 91)]
    known = [meaning for one in letters for two in letters if (meaning := sia_meaning(one + two))]
    known += [m for number in range(100, 1000) for q in "136" if (m := cid_meaning(q, str(number)))]
    assert len(known) > 400
    for meaning in known:
        assert signals_of(meaning.said)


@pytest.mark.parametrize(
    ("frame", "place", "answered"),
    [
        (b"", "byte 0", ""),
        (b'CE120032"SIA-DCS"9876R579BDFL789ABC#12345A[#12345A|NFA129]', "byte 0", ""),
        (b"%04X%04X" % (crc16(b'"X"'), 99) + b'"X"', "byte 4", ""),
        (framed('"SIA"12[]')[1:], "byte 8", "DUH"),
        (framed('"SIA-DCS"0001L0#1234[#9999|NBA1]')[1:], "data", "DUH"),
        (framed('"SIA-DCS"0001L0#1234[#1234|N?]')[1:], "data", "DUH"),
        (framed('"ADM-CID"0001L0#1234[#1234|113]')[1:], "data", "DUH"),
        (framed('"SIA-DCS"0001L0#1234[#1234|NBA1')[1:], "data", "DUH"),
        (framed('"TOKEN"0001L0#1234[#1234|NBA1]')[1:], "id", "DUH"),
        (framed('"SIA-DCS"0001L0#1234[#1234|NBA1]_25:00:00,13-41-2026')[1:], "time", "NAK"),
        (framed('"*SIA-DCS"0001L0#1234[00]')[1:], "account", "DUH"),
        (b"x" * (LIMIT + 1), "frame", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_answer(frame: bytes, place: str, answered: str) -> None:
    with pytest.raises(Dc09Error) as caught:
        take(frame)
    assert (caught.value.place, caught.value.answer) == (place, answered)


@pytest.mark.parametrize("shift", [-41, 21])
def test_an_old_recording_is_refused(shift: float) -> None:
    stamp = f"{NOW + timedelta(seconds=shift):_%H:%M:%S,%m-%d-%Y}"
    with pytest.raises(Dc09Error) as caught:
        take(sealed(f"#1234|NBA1]{stamp}"), KEYS)
    assert caught.value.answer == "NAK"


def test_an_account_with_a_key_must_use_it_and_the_right_one() -> None:
    assert take(sealed(f"#1234|NBA1]{STAMP}"), KEYS).events
    with pytest.raises(Dc09Error, match="must be encrypted"):
        take(framed('"SIA-DCS"0001L0#1234[#1234|NBA1]'), KEYS)
    with pytest.raises(Dc09Error, match=r"the key is wrong|no time"):
        take(sealed(f"#1234|NBA1]{STAMP}"), read_keys({"1234": "ff" * 16}))
    with pytest.raises(Dc09Error, match="no hexadecimal"):
        take(framed('"*SIA-DCS"0001L0#1234[zz'), KEYS)
    with pytest.raises(ValueError, match="must be 32, 48 or 64"):
        read_keys({"1": "abc"})


def test_a_stream_is_cut_into_frames_wherever_it_is_cut() -> None:
    whole = framed("one") + b"noise" + framed("two")
    for at in range(len(whole)):
        decoder = Decoder()
        assert [*decoder.feed(whole[:at]), *decoder.feed(whole[at:])] == [framed("one")[1:-1], framed("two")[1:-1]]
    with pytest.raises(Dc09Error):
        list(Decoder().feed(b"\n" + b"x" * (LIMIT + 1)))


@given(st.binary(max_size=120), st.booleans())
def test_noise_raises_nothing_else(raw: bytes, as_body: bool) -> None:
    with contextlib.suppress(Dc09Error):
        take(framed('"SIA-DCS"0001L0#1234[' + raw.decode("latin-1"))[1:-1] if as_body else raw)
    with contextlib.suppress(Dc09Error):
        take(sealed(raw.decode("latin-1") + "]" + STAMP) if as_body else raw, KEYS)
    with contextlib.suppress(Dc09Error):
        list(Decoder().feed(raw))


def test_the_table_holds_every_code_of_the_standards() -> None:
    """An independent sender has tables of its own of DC-03-2017 and DC-05-2016."""
    assert not [code for code in siadc09.dc03.EVENT if sia_meaning(code) is None]
    assert not [code for code in siadc09.dc05.EVENT if cid_meaning("1", code) is None]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("124", "duress"), ("125", "duress"), ("316", "tamper"), ("317", "tamper"), ("415", "bypass"), ("162", "fire")],
)
def test_codes_that_are_easily_taken_for_something_else(code: str, kind: str) -> None:
    meaning = cid_meaning("1", code)
    assert meaning is not None
    assert meaning.kind == kind


def test_a_binary_checksum_may_hold_any_byte() -> None:
    seen: set[int] = set()
    for number in range(1, 3000):
        body = f'"SIA-DCS"{number:04}L0#1234[#1234|NBA{number}]'
        frame = framed(body, binary=True)
        held = {one for one in frame[1:3] if one in (0x0A, 0x0D)}
        if not held or held <= seen:
            continue
        seen |= held
        stream = Decoder()
        frames = [*stream.feed(b"noise" + frame[:4]), *stream.feed(frame[4:] + framed(body))]
        assert [take(one).events[0].zone for one in frames] == [str(number)] * 2
        assert take(frame).head.binary  # a datagram, LF and CR around it
        assert answer(take(frame).head, "ACK", {}, NOW)[3:5] == b"00"
    assert seen == {0x0A, 0x0D}


def test_what_panels_write_beside_the_standard_is_read() -> None:
    """``L`` without a digit, zero bytes behind a datagram; a NAK has the checksum that the message had."""
    for body in ('"SIA-DCS"0001L#1234[#1234|NBA7]', '"SIA-DCS"0001RL0#1234[#1234|NBA7]'):
        message = take(framed(body) + bytes(3))
        assert (message.head.account, message.events[0].zone) == ("1234", "7")
    late = framed('"*SIA-DCS"0001L0#1234[' + encrypted("NBA7]_00:00:00,01-01-2020", bytes(16)), binary=True)
    with pytest.raises(Dc09Error) as error:
        read(late, lambda _: bytes(16), NOW)
    nak = answer(error.value.head, "NAK", {}, NOW)
    assert (error.value.answer, nak[3:8], nak[8:11]) == ("NAK", b'0025"', b"NAK")
    assert int.from_bytes(nak[1:3]) == crc16(nak[7:-1])


def test_extended_data_say_when_and_where() -> None:
    before = f"{NOW - timedelta(minutes=3):%H:%M:%S,%m-%d-%Y}"
    more = f"[H{before}][X093W23.456][Y45N23.456][VHttps://x.example/34][IMrs Smith][LHallway][T S]"
    message = take(framed(f'"SIA-DCS"0001L0#1234[#1234|NPA3]{more}{STAMP}')[1:])
    assert message.at == NOW - timedelta(minutes=3)
    assert message.events[0].said["code"] == "PA T S LHallway X093W23.456 Y45N23.456 VHttps://x.example/34"
    after = f"{NOW + timedelta(minutes=3):%H:%M:%S,%m-%d-%Y}"
    for spoilt in (f"[H{after}]", "[H99:99:99,99-99-9999]", "[H", "[][]]]"):
        told = take(framed(f'"SIA-DCS"0001L0#1234[#1234|NPA3]{spoilt}{STAMP}')[1:])
        assert (told.at, told.events[0].said["code"]) == (NOW, "PA")


@given(st.binary(max_size=300), st.integers(1, 9999), st.booleans())
def test_noise_before_a_frame_does_not_hide_it(noise: bytes, number: int, binary: bool) -> None:
    noise = noise.replace(b"\n", b"")
    frame = framed(f'"SIA-DCS"{number:04}L0#1234[#1234|NBA1]', binary=binary)
    stream = Decoder()
    frames = [one for byte in noise + frame for one in stream.feed(bytes([byte]))]
    assert [take(one).head.sequence for one in frames] == [f"{number:04}"]


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with contextlib.suppress(Dc09Error):
        read(raw, lambda _: None, NOW)
    for body in (raw, b'"SIA-DCS"0001L0#1234[' + raw, b'"ADM-CID"0001L0#1234[#1234|' + raw):
        with contextlib.suppress(Dc09Error):
            read(b"%04X%04X%s" % (crc16(body), len(body), body), lambda _: None, NOW)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("Nri1BA5^VX FRONTE ^", {"alarm": "intrusion", "active": True, "code": "BA"}),
        ("Nri0KR1^TAST. 001 ^", {"fire": "normal", "code": "KR"}),
        ("Nid17/ri1/BA005", {"alarm": "intrusion", "active": True, "code": "BA"}),
        ("Nti10:00ri1FA5", {"fire": "alarm", "code": "FA"}),
        ("Nri1BA5^Zone a|b^", {"alarm": "intrusion", "active": True, "code": "BA"}),
    ],
)
def test_a_modifier_without_its_stroke_and_a_bar_in_a_text(data: str, said: dict[str, object]) -> None:
    """As panels in the field write them (public reports of another receiver)."""
    (event,) = take(framed(f'"SIA-DCS"0001L0#1234[#1234|{data}]{STAMP}')).events
    assert event.said == said
