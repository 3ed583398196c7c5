"""Mappings: what is refused, what rows become, and that no row makes them raise anything else."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.mapping import (
    MappingError,
    RowError,
    read_mapping,
    read_row,
    ready,
    row_alone,
    rows_of_csv,
    rows_of_json,
)

PARIS = ZoneInfo("Europe/Paris")
SEEN = datetime(2026, 3, 17, 12, tzinfo=UTC)
BADGES = b"""
name: Badges
delimiter: ";"
fields: {time: [Date, Heure], door: Lecteur, event: Code, badge: Carte, way: Sens, ref: No}
time: {formats: ["%d/%m/%Y %H:%M:%S", iso, epoch_ms], zone: Europe/Paris}
ways: {Entree: in, Sortie: out}
events:
  0101: {access: granted}
  "20*": {access: denied, reason: refused}
  on: {access: opened}
  999: ignore
"""


def row(**more: str) -> dict[str, str]:
    return {"Date": "17/03/2026", "Heure": "12:59:00", "Lecteur": "L1", "Code": "0101", "Carte": "", "Sens": ""} | more


@pytest.mark.parametrize("name", sorted(ready()))
def test_those_that_come_with_the_platform_can_be_read(name: str) -> None:
    assert read_mapping(ready()[name].encode()).events


def test_a_row_becomes_signals_in_utc() -> None:
    read = read_row(read_mapping(BADGES), row(Carte="7", Sens="Entree", No="41"), SEEN, UTC)
    assert read is not None
    (signal,) = read.signals
    assert (read.door, read.ref, read.at) == ("L1", "41", datetime(2026, 3, 17, 11, 59, tzinfo=UTC))
    assert (signal.what, signal.state, signal.badge, signal.way) == ("access", "granted", "7", "in")


def test_codes_are_text_patterns_hold_and_what_is_ignored_is_nothing() -> None:
    mapping = read_mapping(BADGES)
    assert mapping.means("101") is None
    assert mapping.means("2077") == {"access": "denied", "reason": "refused"}
    assert mapping.means("ON") == {"access": "opened"}
    assert read_row(mapping, row(Code="999"), SEEN, UTC) is None


@pytest.mark.parametrize(
    ("seen", "hour"),
    [("2026-10-25T00:31:00+00:00", 0), ("2026-10-25T01:31:00+00:00", 1), ("2026-11-03T00:00:00+00:00", 1)],
)
def test_an_hour_that_comes_twice_is_the_nearer_one(seen: str, hour: int) -> None:
    read = read_row(read_mapping(BADGES), row(Date="25/10/2026", Heure="02:30:00"), datetime.fromisoformat(seen), PARIS)
    assert read is not None
    assert read.at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"Code": "7"}, "Code: the mapping does not say what '7' means"),
        ({"Date": "soon"}, "Date Heure: 'soon 12:59:00' is no time"),
        ({"Date": "31/02/2026"}, "is no time"),
        ({"Lecteur": " "}, "Lecteur: names no door"),
        ({"Sens": "up"}, "Sens: the mapping does not say which way"),
        ({"Carte": "x" * 201}, "badge: must be a text"),
        ({"Carte": "x" * 20_000}, "Carte: longer than"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_with_its_column(more: dict[str, str], reason: str) -> None:
    with pytest.raises(RowError, match=r".") as caught:
        read_row(read_mapping(BADGES), row(**more), SEEN, UTC)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "Expected `object`"),
        (b"\xff", "not UTF-8"),
        (b"name: [", "line 1"),
        (b"a: &a 1\nb: *a", "anchors"),
        (b"name: x\nname: y", r"line|twice"),
        (BADGES + b"  998: {access: gone}\n", "events.998: access: must be one of"),
        (BADGES + b"  998: {}\n", "events.998: no key"),
        (BADGES.replace(b"Europe/Paris", b"Mars/Base"), "time.zone"),
        (BADGES.replace(b"epoch_ms", b"soon"), "time.formats"),
        (BADGES.replace(b'";"', b'";;"'), "delimiter"),
        (BADGES.replace(b"name:", b"title:"), "unknown field"),
        (b"a: " + b"[" * 100_000, "."),
        (b"x" * 300_000, "over the limit"),
    ],
)
def test_a_mapping_that_cannot_be_used_tells_why(raw: bytes, reason: str) -> None:
    with pytest.raises(MappingError, match=reason):
        read_mapping(raw)


def test_tables_tell_lines_and_lack_of_columns() -> None:
    mapping = read_mapping(BADGES)
    told = list(rows_of_csv(mapping, ["Date;Heure\n", "1;2\n"]))
    assert [number for number, _ in told] == [1]
    assert "the header lacks Code, Lecteur, Carte, Sens, No" in str(told[0][1])
    head = "Date;Heure;Lecteur;Code;Carte;Sens;No\n"
    lines = [head, "a;b\n", head, "x" * 20_000 + "\n", '1;2;3;4;"5\n6";7;8\n']
    assert [number for number, _ in rows_of_csv(mapping, lines)] == [2, 4, 5]


def test_json_rows_are_found_where_the_mapping_says() -> None:
    mapping = read_mapping(
        b"name: x\nformat: json\nrecords: data.0.rows\nfields: {event: e.k, door: d}\nevents: {x: ignore}"
    )
    assert rows_of_json(mapping, b'{"data": [{"rows": [{"e": {"k": "x"}}, 7]}]}')[0] == {"e": {"k": "x"}}
    for raw in (b"{}", b"[", b"\xff", b"[" * 100_000):
        with pytest.raises(RowError):
            rows_of_json(mapping, raw)


values = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=30), st.lists, max_leaves=5)


@given(st.dictionaries(st.sampled_from(["time", "door", "event", "badge", "direction", "reason", "number"]), values))
def test_no_row_raises_anything_else(told: dict[str, object]) -> None:
    mapping = read_mapping(ready()["generic-json"].encode())
    with contextlib.suppress(RowError):
        read_row(mapping, {"event": "granted", "door": "x"} | told, SEEN, PARIS)


@given(st.text(max_size=300))
def test_no_table_raises_anything_else(text: str) -> None:
    for _ in rows_of_csv(read_mapping(BADGES), text.splitlines(keepends=True)):
        pass


@given(st.binary(max_size=300))
def test_no_mapping_raises_anything_else(raw: bytes) -> None:
    with contextlib.suppress(MappingError):
        read_mapping(raw)


def test_text_that_is_no_utf_8_is_told() -> None:
    """Found by `script/fuzz`."""
    with pytest.raises(RowError, match="not JSON"):
        rows_of_json(read_mapping(ready()["generic-json"].encode()), b'{"door":"\xe9"}')


NESTED = b"""name: x
format: json
records: controllers.*.events
fields: {event: what, door: parent.name, badge: cards.0.number}
events: {in: {access: granted}}
"""


def test_rows_of_many_lists_know_what_they_stood_in() -> None:
    mapping = read_mapping(NESTED)
    events = [{"what": "in", "cards": [{"number": "7"}]}, {"what": "in"}, 5]
    told = {"controllers": [{"name": "north", "events": events}, {"name": "south", "events": [{"what": "in"}]}, 3]}
    rows = rows_of_json(mapping, msgspec.json.encode(told))
    read = [read_row(mapping, row, SEEN, UTC) for row in rows if isinstance(row, dict)]
    assert [one.door for one in read if one] == ["north", "north", "south"]
    assert [signal.badge for one in read if one for signal in one.signals] == ["7", "", ""]
    assert [str(row) for row in rows if isinstance(row, RowError)] == ["row 3 is no object"]
    for none in (b"{}", b'{"controllers": {}}', b'{"controllers": 7}'):
        with pytest.raises(RowError, match="no rows stand there"):
            rows_of_json(mapping, none)


def test_a_row_of_a_list_is_known_when_it_stands_alone() -> None:
    mapping = read_mapping(NESTED)
    assert row_alone(mapping, b'{"what": "in"}') == {"what": "in"}
    assert row_alone(mapping, b'{"controllers": []}') is None
    assert row_alone(mapping, b"[1") is None
