"""Other tools' alerts: drafts 04 to 08, odd ones, and what must be refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.idmef import asset_uuid, read_idmef
from safecare.model.alert import Domain
from safecare.testing.hospital import small_hospital

HOSPITAL = small_hospital()
DRAFT_08: dict[str, Any] = {
    "Version": "2.D.V08",
    "ID": "819df7bc-35ef-40d8-bbee-1901117370b1",
    "Type": ["Physical"],
    "Category": ["Access.Forced"],
    "Description": "Glass broken",
    "Priority": "High",
    "Confidence": 0.8,
    "CreateTime": "2026-03-17T03:10:00+01:00",
    "Analyzer": {"Name": "Glass sentinel", "Category": ["PHYS.Glass"]},
    "Target": [{"ID": asset_uuid("door.pharmacy"), "Location": "Pharmacy"}],
}
DRAFT_04: dict[str, Any] = {
    "Version": "2.0.3",
    "ID": "1",
    "CreateTime": "2026-03-17T02:10:00Z",
    "Category": ["Recon.Scanning"],
    "Priority": "Medium",
    "Analyzer": {"Name": "suricata", "IP": "127.0.0.1", "Type": "Cyber"},
    "Source": [{"IP": "10.1.10.21"}],
    "Target": [{"IP": "203.0.113.9"}],
}


def read(value: Any) -> Any:
    return read_idmef(json.dumps(value).encode(), HOSPITAL)


def test_draft_08_is_placed_by_our_reference() -> None:
    [alert], errors = read(DRAFT_08)
    assert not errors
    assert (alert.assets, alert.domain, alert.severity) == (("door.pharmacy",), Domain.PHYSICAL, 80)
    assert alert.first == datetime(2026, 3, 17, 2, 10, tzinfo=UTC)


def test_draft_04_is_placed_by_address() -> None:
    [alert], errors = read(DRAFT_04)
    assert not errors
    assert (alert.rule, alert.assets, alert.peers) == ("idmef.suricata", ("ws.pharmacy.1",), ("203.0.113.9",))


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_outside_of_the_calendar_is_refused(told: str) -> None:
    alerts, errors = read({**DRAFT_08, "CreateTime": told})
    assert not alerts
    assert "is no time" in errors[0].reason


def test_array_and_lines_give_the_same() -> None:
    array, _ = read([DRAFT_08, DRAFT_04])
    lines, _ = read_idmef(b"\n".join(json.dumps(one).encode() for one in (DRAFT_08, DRAFT_04)), HOSPITAL)
    assert array == lines


def test_sent_twice_is_one_alert() -> None:
    (one, two), _ = read([DRAFT_08, DRAFT_08])
    assert one.id == two.id


def test_a_bad_message_does_not_stop_the_others() -> None:
    raw = json.dumps(DRAFT_08).encode() + b"\n{broken\n" + json.dumps({**DRAFT_04, "Confidence": 7}).encode()
    alerts, errors = read_idmef(raw, HOSPITAL)
    assert len(alerts) == 1
    assert [error.line for error in errors] == [2, 3]
    assert "Confidence" in errors[1].reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Version": "1.0"}, "Version"),
        ({"Analyzer": {}}, "Analyzer"),
        ({"Analyzer": "x"}, "Analyzer"),
        ({"ID": None}, "ID"),
        ({"CreateTime": "yesterday"}, "CreateTime"),
        ({"CreateTime": "2026-03-17T02:10:00"}, "offset"),
        ({"Target": ["x"]}, "Target"),
    ],
)
def test_what_is_refused_says_which_field(changes: dict[str, Any], reason: str) -> None:
    alerts, [error] = read({**DRAFT_08, **changes})
    assert not alerts
    assert reason in error.reason


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*DRAFT_08, "IP", "Name"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*DRAFT_08, "Source", "Sensor"]), JUNK) | JUNK | st.binary(max_size=100))
def test_nothing_breaks_the_reader(value: Any) -> None:
    raw = (
        value
        if isinstance(value, bytes)
        else json.dumps({**DRAFT_08, **value} if isinstance(value, dict) else value).encode()
    )
    alerts, errors = read_idmef(raw, HOSPITAL)
    assert alerts or errors or not raw.strip() or raw.strip() == b"[]"


def test_messages_beyond_the_most_are_told_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecare.formats.idmef.MOST", 2)
    array = [{**DRAFT_08, "ID": str(number)} for number in range(5)]
    alerts, [error] = read(array)
    assert (len(alerts), error.line) == (2, 3)
    assert json.loads(error.raw) == array[2:]


def test_a_request_that_is_too_large_is_kept_whole_by_its_door() -> None:
    alerts, [error] = read_idmef(b" " * (4 << 20) + b"[]", HOSPITAL)
    assert (alerts, error.raw) == ([], b"")
