"""Suricata's records: what is read, what is passed over, and that nothing breaks the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.eve import LIMIT, EveError, outcome, read_eve

FLOW: dict[str, Any] = {
    "timestamp": "2026-03-17T02:10:00.123456+0100",
    "event_type": "flow",
    "src_ip": "10.1.10.21",
    "src_port": 51234,
    "dest_ip": "10.1.20.10",
    "dest_port": 445,
    "proto": "TCP",
    "flow_id": 7,
    "flow": {"pkts_toserver": 1, "pkts_toclient": 1, "bytes_toserver": 60, "bytes_toclient": 54, "state": "closed"},
    "tcp": {"tcp_flags": "02", "tcp_flags_ts": "02", "tcp_flags_tc": "14"},
}


def line(**changes: Any) -> bytes:
    return json.dumps({**FLOW, **changes}).encode()


def test_time_becomes_utc() -> None:
    record = read_eve(line())
    assert record is not None
    assert record.at.isoformat() == "2026-03-17T01:10:00.123456+00:00"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "refused"),
        ({"tcp": {"tcp_flags_tc": "12"}}, "open"),
        ({"tcp": {"tcp_flags_tc": "16"}}, "open"),  # reset after a handshake: it was open
        ({"flow": {"pkts_toclient": 0}}, "silent"),
        ({"tcp": {"tcp_flags_tc": "zz"}}, "unknown"),
        ({"proto": "UDP", "tcp": None}, "open"),
    ],
)
def test_outcome(changes: dict[str, Any], expected: str) -> None:
    record = read_eve(line(**changes))
    assert record is not None
    assert outcome(record) == expected


def test_other_types_are_passed_over() -> None:
    assert read_eve(line(event_type="dns", flow=None)) is None
    assert read_eve(b'{"timestamp": "2026-03-17T02:10:00+0000", "event_type": "stats", "stats": {}}') is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "truncated"),
        (b"[]", "object"),
        (b'{"event_type": "flow"}', "timestamp"),
        (line(src_ip=""), "src_ip"),
        (line(src_port="x"), "src_port"),
        (line(event_type="alert"), "alert"),
        (b"x" * (LIMIT + 1), "limit"),
    ],
)
def test_bad_lines_say_why(raw: bytes, reason: str) -> None:
    with pytest.raises(EveError, match=reason):
        read_eve(raw)


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_outside_of_the_calendar_is_refused(told: str) -> None:
    record = read_eve(line(timestamp=told))
    assert record is not None
    with pytest.raises(EveError, match="is no time"):
        _ = record.at


def test_a_time_without_offset_is_refused() -> None:
    record = read_eve(line(timestamp="2026-03-17T02:10:00"))
    assert record is not None
    with pytest.raises(EveError, match="offset"):
        _ = record.at


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*FLOW, "alert"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_nothing_but_its_own_error(raw: bytes) -> None:
    try:
        record = read_eve(raw)
        if record is not None:
            _ = record.at, record.ref, outcome(record)
    except EveError:
        pass
