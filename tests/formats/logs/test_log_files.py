"""Files of every form, whole and broken: what is readable is read, the rest is named with its place."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.formats.logs import jsonlines
from safecare.formats.logs.files import read_log
from safecare.formats.logs.record import LogRecord, Read, Unread, flat, read_time, time_of

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def read(raw: bytes) -> list[Read]:
    return list(read_log(io.BytesIO(raw)))


def split(raw: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    some = read(raw)
    records = [dict(one.fields) for one in some if isinstance(one, LogRecord)]
    return records, [one.place for one in some if isinstance(one, Unread)]


def evtx() -> Path:
    root = os.environ.get("SAFECARE_DATA")
    found = sorted(Path(root, "sigma", "regression").glob("*/*.evtx")) if root else []
    if not found:
        pytest.skip("no data")
    return found[0]


def test_lines_spread_objects_and_lists_are_the_same() -> None:
    values = [{"a": 1, "b": {"c": [1, "x"]}}, {"a": 2}]
    wanted = [{"a": 1, "b.c": (1, "x")}, {"a": 2}]
    lines = "\n".join(map(json.dumps, values))
    spread = "\n".join(json.dumps(one, indent=2) for one in values)
    for text in (
        lines,
        "\ufeff" + lines,
        spread,
        json.dumps(values),
        json.dumps(values, indent=1),
        "\n\n" + lines + "\n",
    ):
        assert split(text.encode()) == (wanted, []), text
    assert split(gzip.compress(lines.encode())) == (wanted, [])
    assert split(lines.encode("utf-16")) == (wanted, [])


def test_places_and_numbers() -> None:
    some = read(b'{"a": 1}\n\n{"a": \n{"a": 3}\n"text"\n')
    assert [(one.line, one.number) for one in some if isinstance(one, LogRecord)] == [(1, 1), (4, 3)]
    assert [one.place for one in some if isinstance(one, Unread)] == ["line 3", "line 5"]


def test_cut_and_broken_json_gives_what_is_readable() -> None:
    spread = b'{\n "a": 1\n}\n{\n "a": oops\n}\n{\n "a": 3\n}\n{\n "a"'
    assert split(spread) == ([{"a": 1}, {"a": 3}], ["line 4", "line 10"])
    assert split(b'[{"a": 1}, {"a": 2}, {"a"') == ([{"a": 1}, {"a": 2}], ["line 1"])
    assert split(b'{"a": 1') == ([], ["line 1"])
    assert split(b"[1, 2]") == ([], ["record 1", "record 2"])
    assert split(b"[" * 5000)[0] == []
    assert split(b'{"a":' * 5000 + b"1" + b"}" * 5000)[1] == ["line 1"]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["Records", "records", "value"])
def test_lists_that_stand_under_a_name(name: str, indent: int | None) -> None:
    some = [{"eventName": "A", "n": 1}, {"eventName": "B", "n": 2}]
    context = {"@odata.context": "https://graph"} if name == "value" else {}
    raw = json.dumps(context | {name: some}, indent=indent).encode()
    assert split(raw) == (some, [])
    assert [one.number for one in read(raw) if isinstance(one, LogRecord)] == [1, 2]
    assert len(split(raw + b"\n" + raw)[0]) == 4
    records, places = split(raw[:-8])
    assert (records, len(places)) == (some[:1], 1)
    other = {name: some, "id": "x"}
    assert len(split(json.dumps(other, indent=indent).encode())[0]) == 1


def test_a_line_over_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "LINE", 50)
    assert split(b'{"a": 1}\n{"a": "' + b"x" * 200 + b'"}\n{"a": 3}\n') == ([{"a": 1}, {"a": 3}], ["line 2"])


@pytest.mark.parametrize(
    "raw", [b"", b"  \n ", b"\x00\x01\x02", b"ElfFile\x00junk", b"\x1f\x8bjunk", b"just words\nand more"]
)
def test_what_is_no_log_is_named_once(raw: bytes) -> None:
    records, unread = split(raw)
    assert (records, len(unread)) == ([], 1)


def test_syslog_lines_with_one_that_is_none() -> None:
    records, unread = split(b'<38>Oct 11 22:14:15 h a: x\nwhat\n{"a": 1}\n<38>Oct 11 22:14:15 h a: y\n')
    assert [one.get("message", one.get("a")) for one in records] == ["x", 1, "y"]
    assert unread == ["line 2"]


def test_windows_events_in_every_form_have_the_same_names() -> None:
    system = {"Channel": SYSMON, "EventID": 1, "Computer": "ws1"}
    forms: list[dict[str, Any]] = [
        {"Event": {"System": {**system, "Provider": {"#attributes": {"Name": "P"}}}, "EventData": {"Image": "x"}}},
        {
            "Event": {
                "System": {**system, "EventID": {"#text": 1}, "Provider_attributes": {"Name": "P"}},
                "EventData": {"Image": "x"},
            }
        },
        {
            "Event": {
                "System": {**system, "Provider": {"#attributes": {"Name": "P"}}},
                "EventData": {"Data": [{"#attributes": {"Name": "Image"}, "#text": "x"}]},
            }
        },
        {
            "winlog": {
                "channel": SYSMON,
                "event_id": "1",
                "computer_name": "ws1",
                "provider_name": "P",
                "event_data": {"Image": "x"},
            }
        },
        {
            "win": {
                "system": {"channel": SYSMON, "eventID": "1", "computer": "ws1", "providerName": "P"},
                "eventdata": {"image": "x"},
            }
        },
        {"_source": {**system, "SourceName": "P", "Image": "x"}},
    ]
    for form in forms:
        ((fields,), unread) = split(json.dumps(form).encode())
        assert not unread
        assert {key: str(fields[key]) for key in ("Channel", "EventID", "Computer", "Provider_Name", "Image")} == {
            "Channel": SYSMON,
            "EventID": "1",
            "Computer": "ws1",
            "Provider_Name": "P",
            "Image": "x",
        }, form


def test_attributes_with_a_sign_before_them() -> None:
    system = {"Provider": {"@Name": "P"}, "EventID": {"@Qualifiers": "1", "#text": "7"}, "Channel": "C"}
    data = {"Data": [{"@Name": "Image", "#text": "x.exe"}, {"@Name": "Empty"}, "loose"]}
    [record], _ = split(json.dumps({"Event": {"@xmlns": "q", "System": system, "EventData": data}}).encode())
    assert (record["Provider_Name"], record["EventID"], record["Image"], record["Data"]) == ("P", "7", "x.exe", "loose")


def test_windows_data_without_names_with_blanks_and_empty() -> None:
    event = {
        "Event": {
            "System": {"EventID": 1, "TimeCreated": {"#attributes": {"SystemTime": "2026-01-01T00:00:00Z"}}},
            "EventData": {"Data": {"#text": ["a", "b"]}, "Threat Name": "T", "Empty": None},
            "UserData": {"EventXML": {"Deep": 1}},
        }
    }
    ((fields,), _) = split(json.dumps(event).encode())
    assert (fields["Data"], fields["ThreatName"], fields["Threat_Name"], fields["Empty"], fields["Deep"]) == (
        ("a", "b"),
        "T",
        "T",
        "",
        1,
    )
    assert fields["SystemTime"] == "2026-01-01T00:00:00Z"


def test_a_broken_chunk_does_not_end_an_event_log() -> None:
    raw = bytearray(evtx().read_bytes())
    chunk = bytes(raw[4096 : 4096 + 65536])
    raw[42:44] = (2).to_bytes(2, "little")  # two chunks of the same records
    whole = bytes(raw[:4096]) + chunk + chunk
    broken = bytearray(whole)
    broken[4096 + 600 : 4096 + 900] = b"\xff" * 300
    records, unread = split(bytes(broken))
    assert records
    assert unread
    assert split(bytes(raw[:5000]))[1]


@pytest.mark.slow
@given(st.data())
@settings(max_examples=40)
def test_bytes_changed_anywhere_in_an_event_log_raise_nothing(data: st.DataObject) -> None:
    raw = bytearray(evtx().read_bytes())
    for at in data.draw(st.lists(st.integers(0, 12_000), max_size=30)):
        raw[at] = data.draw(st.integers(0, 255))
    read(bytes(raw))


@given(st.one_of(st.binary(max_size=300), st.text(alphabet='{}[]",:a1\n\\ ', max_size=80).map(str.encode)))
def test_any_bytes_raise_nothing(raw: bytes) -> None:
    read(raw)


def test_flat_values() -> None:
    assert flat({"t": True, "f": 1.5, "w": 2.0, "n": None, "l": [{"a": 1}, {"a": [2, 3]}, 4], "e": [], "d": {}}) == {
        "t": "true",
        "f": "1.5",
        "w": 2,
        "n": None,
        "l": (4,),
        "l.a": (1, 2, 3),
        "e": (),
    }
    with pytest.raises(ValueError, match="fields"):
        flat({str(number): number for number in range(3000)})


def test_times() -> None:
    assert str(read_time("2026-10-11T22:14:15.1234567Z")) == "2026-10-11 22:14:15.123456+00:00"
    assert read_time("2025-10-27 00:04:13.045 UTC") == read_time(1761523453045)
    assert read_time("nothing") is None
    assert read_time(10**30) is None
    assert time_of({"timestamp": "x", "UtcTime": "2026-01-01 00:00:00"}) == read_time("2026-01-01")
