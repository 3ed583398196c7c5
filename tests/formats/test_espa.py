"""ESPA 4.4.4: tokens of a line wherever it is cut, records, and that noise raises nothing else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.alarm.espa import LIMIT, Block, Decoder, End, EspaError, Select, framed, read_block

CALL = framed("1", {"1": "0123", "2": "Bett 12 Notruf", "3": "2", "4": "3", "5": "1", "6": "1"})


def test_the_check_is_that_of_the_standard() -> None:
    assert framed("1", {"1": "1"}) == b"\x01" + b"1\x021\x1f1\x03" + bytes([0x31 ^ 0x02 ^ 0x31 ^ 0x1F ^ 0x31 ^ 0x03])


def test_a_transmission_wherever_it_is_cut() -> None:
    line = b"1\x052\x05" + CALL + b"\x04"
    whole = [Select("1"), Select("2"), Block(CALL[1:-2], good=True), End()]
    for at in range(len(line)):
        decoder = Decoder()
        assert [*decoder.feed(line[:at]), *decoder.feed(line[at:])] == whole


def test_records_by_name() -> None:
    row = read_block(CALL[1:-2])
    assert (row["address"], row["text"], row["event"]) == ("0123", "Bett 12 Notruf", "3/1/Bett 12 Notruf")


def test_a_changed_byte_and_a_block_without_an_end_are_bad() -> None:
    (block,) = Decoder().feed(CALL[:5] + b"x" + CALL[6:])
    assert isinstance(block, Block)
    assert not block.good
    first = next(iter(Decoder().feed(b"\x01" + b"x" * (LIMIT + 1))))
    assert isinstance(first, Block)
    assert not first.good


@pytest.mark.parametrize("raw", [b"", b"1", b"1\x02", b"1\x02no separator", b"1\x027\x1f3"])
def test_what_is_no_call_is_told(raw: bytes) -> None:
    with pytest.raises(EspaError, match="byte"):
        read_block(raw)


@given(st.binary(max_size=200))
def test_noise_raises_nothing_else(raw: bytes) -> None:
    for token in Decoder().feed(raw):
        if isinstance(token, Block):
            with contextlib.suppress(EspaError):
                read_block(token.raw)


@pytest.mark.parametrize("at", range(2, len(CALL) - 1))
def test_a_block_that_is_broken_off_does_not_take_the_next_with_it(at: int) -> None:
    whole = Block(CALL[1:-2], good=True)
    assert [*Decoder().feed(CALL[:at] + b"\x04" + CALL)][-1] == whole
    assert [*Decoder().feed(CALL[:at] + CALL)][-1] == whole


@pytest.mark.parametrize("header", ["2", "3"])
def test_a_block_that_tells_or_asks_a_status_calls_nobody(header: str) -> None:
    row = read_block(framed(header, {"8": "1"})[1:-2])
    assert (row["header"], row["system"]) == (header, "1")
