"""Every mistake in a hospital's files is told with its file, line and reason, and none hides another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from safecare.formats.hospital import Loaded, Problem, load, read
from safecare.formats.hospital.problems import MAX_PROBLEMS


def unit(id: str, left: float, low: float, right: float, high: float, **more: Any) -> dict[str, Any]:
    ring = [[left, low], [right, low], [right, high], [left, high], [left, low]]
    return {
        "type": "Feature",
        "id": id,
        "feature_type": "unit",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"name": {"en": id, "fr": id}, "category": "room", "level_id": "s.0", **more},
    }


def opening(id: str, one: str, other: str, *line: list[float]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": id,
        "feature_type": "opening",
        "geometry": {"type": "LineString", "coordinates": list(line)},
        "properties": {"name": {"en": id, "fr": id}, "level_id": "s.0", "safecare:between": [one, other]},
    }


LEVEL = {
    "type": "Feature",
    "id": "s.0",
    "feature_type": "level",
    "geometry": None,
    "properties": {
        "name": {"en": "Ground", "fr": "Rez"},
        "ordinal": 0,
        "building_ids": ["s.main"],
        "safecare:building_name": {"en": "Main", "fr": "Principal"},
        "safecare:site": "s",
    },
}
ROOMS = [unit("s.a", 0, 0, 10, 10), unit("s.b", 10, 0, 20, 10, **{"safecare:loiter_after": "2 min"})]
DOOR = opening("door.b", "s.a", "s.b", [10, 4], [10, 6])


def plan(*features: dict[str, Any]) -> bytes:
    lines = ",\n".join(json.dumps(feature) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}'.encode()


GOOD = {
    "hospital.yaml": """\
id: tiny
name: {en: Tiny, fr: Petit}
sites:
  - {id: s, name: {en: Site, fr: Site}}
roles:
  guard: {en: Guard, fr: Agent}
""",
    "assets/all.yaml": """\
site: s
assets:
  - id: board
    name: {en: Board, fr: Tableau}
    kind: electrical_board
    zone: s.a
    at: [2, 3]
    criticality: 4
    addresses: {modbus: "127.0.0.1:502/1", ip: 10.0.0.1}
    points:
      - {name: voltage, register: "input:0", unit: V, low: 207, high: 253}
  - id: freezer
    name: {en: Freezer, fr: Congélateur}
    kind: freezer
    zone: s.b
    at: [12, 3]
""",
    "services.yaml": """\
services:
  - id: care
    site: s
    name: {en: Care, fr: Soins}
    kind: ward
    zones: [s.a]
    fallback_efficiency: 0.5
""",
    "dependencies/all.yaml": """\
dependencies:
  - id: one
    kind: needs
    of: care
    on: [freezer, board]
    at_least: 1
    delay: [1 min, 0.5 h, 2 h]
    probability: [0.1, 0.5, 1]
    source: measured
  - {id: two, kind: powers, of: board, on: [freezer]}
""",
    "people.yaml": """\
people:
  - {holder: p-1, role: guard, site: s, badges: ["0042"], mail: [a@s.example], zones: [s.a]}
""",
    "routes.yaml": "routes:\n  - {id: r, severity: 50, levels: [[guard]], answer_within: 2 min}\n",
    "sources.yaml": """\
doors:
  - {id: mail, source: mail, settings: {port: 25, tls: false, name: x, list: [1, 2.5, null]}}
""",
}


def files(**changes: bytes | str) -> dict[str, bytes]:
    """The good files with some texts replaced, by the beginning of their name."""
    found = {name: text.encode() for name, text in GOOD.items()} | {"plans/s.0.geojson": plan(LEVEL, *ROOMS, DOOR)}
    for start, text in changes.items():
        [name] = [name for name in found if name.startswith(start)]
        found[name] = text if isinstance(text, bytes) else text.encode()
    return found


def changed(start: str, old: str, new: str) -> Loaded:
    [name] = [name for name in GOOD if name.startswith(start)]
    assert old in GOOD[name]
    return read(files(**{start: GOOD[name].replace(old, new, 1)}))


def reasons(loaded: Loaded) -> list[str]:
    return [problem.reason.key.format(**problem.reason.args) for problem in loaded.problems]


def only(loaded: Loaded) -> Problem:
    assert len(loaded.problems) == 1, reasons(loaded)
    return loaded.problems[0]


def test_reads_good_files_into_the_model() -> None:
    loaded = read(files())
    assert loaded.problems == []
    hospital = loaded.hospital
    assert hospital is not None
    door = hospital.asset("door.b")
    assert door is not None
    assert (door.kind, door.group, door.zone) == ("door", "door", "s.b")
    assert door.at == (10.0, 5.0)
    assert list(door.between or ()) == ["s.a", "s.b"]
    assert list(hospital.adjacent("s.a")) == ["s.b"]
    assert [zone.loiter_after for zone in hospital.zones] == [None, 120]
    assert hospital.dependencies[0].delay == (60.0, 1800.0, 7200.0)
    assert hospital.people[0].badges == ("0042",)
    assert hospital.routes[0].answer_within == 120
    assert hospital.roles["guard"].fr == "Agent"
    assert loaded.doors[0].settings == {"port": 25, "tls": False, "name": "x", "list": [1, 2.5, None]}


@pytest.mark.parametrize(
    ("start", "old", "new", "line", "reason"),
    [
        ("assets", "kind: freezer", "knd: freezer", 14, "no field knd"),
        ("assets", "criticality: 4", "criticality: four", 8, "whole number"),
        ("assets", "criticality: 4", "criticality: 9", 8, "criticality is 1"),
        ("assets", "criticality: 4", 'criticality: "4"', 8, "whole number"),
        ("assets", "at: [2, 3]", "at: [2]", 7, "list of 2"),
        ("assets", "at: [2, 3]", "at: [15, 3]", 7, "does not stand in s.a"),
        ("assets", "at: [2, 3]", "at: [.nan, 3]", 7, "a number"),
        ("assets", "unit: V", "unit: volts", 11, "volts is no unit"),
        ("assets", "unit: V, ", "", 11, "number but no unit"),
        ("assets", "input:0", "register 0", 11, "A register is"),
        ("assets", "high: 253", "high: 20", 11, "range of voltage is empty"),
        ("assets", "127.0.0.1:502/1", "127.0.0.1", 9, "Modbus address"),
        ("assets", "ip: 10.0.0.1", "ip: 10.0.0.999", 9, "no IPv4"),
        ("assets", "zone: s.b", "zone: s.x", 15, "no zone s.x"),
        ("assets", "zone: s.b", "zone: &a s.b", 15, "Anchors and aliases"),
        ("assets", "zone: s.b", "zone: !!python/object:os.system s.b", 15, "Tags"),
        ("assets", "zone: s.b", "zone: s.b\n    zone: s.b", 16, "stands here twice"),
        ("assets", "- id: freezer", "- id: board", 12, "is used already at assets/all.yaml:3"),
        ("assets", "- id: freezer", "- id: Freezer 1", 12, "is no id"),
        ("assets", "- id: freezer\n    name", "- name", 12, "field id is missing"),
        ("services", "zones: [s.a]", "zones: []", 2, "has no zone"),
        ("services", "fallback_efficiency: 0.5", "fallback_efficiency: 1.5", 7, "between 0 and 1"),
        ("services", "fallback_efficiency: 0.5", "beds: -1", 7, "can't be negative"),
        ("services", "fallback_efficiency: 0.5", "{arrivals: 3, capacity: 2}", 8, "no YAML"),
        ("services", "fallback_efficiency: 0.5", "arrivals: 3\n    capacity: 2", 7, "More patients"),
        ("dep", "kind: needs", "kind: wants", 3, "one of: needs"),
        ("dep", "delay: [1 min, 0.5 h, 2 h]", "delay: -5 min", 7, "can't be negative"),
        ("dep", "delay: [1 min, 0.5 h, 2 h]", "delay: 5 parsec", 7, "duration with a unit"),
        ("dep", "delay: [1 min, 0.5 h, 2 h]", "delay: [1 h, 5 min, 2 h]", 7, "must rise"),
        ("dep", "delay: [1 min, 0.5 h, 2 h]", "delay: [1 h, 2 h]", 7, "three values"),
        ("dep", "probability: [0.1, 0.5, 1]", "probability: 1.1", 8, "between 0 and 1"),
        ("dep", "probability: [0.1, 0.5, 1]", "probability: [0.5, 0.1, 1]", 8, "must rise"),
        ("dep", "at_least: 1", "at_least: 3", 6, "1 to 2"),
        ("dep", "on: [freezer, board]", "on: [freezer, ghost]", 5, "called ghost"),
        ("dep", "on: [freezer]", "on: [board]", 10, "depends on itself"),
        ("dep", "id: two", "id: one", 10, "used already"),
        ("people", "role: guard", "role: king", 2, "no role king"),
        ("people", "zones: [s.a]", "workstation: ghost", 2, "called ghost"),
        ("people", "people:\n", "people:\n  - {holder: p-1, role: guard, site: s}\n", 3, "somebody else"),
        ("people", "site: s", "site: t", 2, "no site t"),
        ("routes", "severity: 50", "severity: 500", 2, "between 0 and 100"),
        ("routes", "[[guard]]", "[[]]", 2, "at least one role"),
        ("routes", "[[guard]]", "[[king]]", 2, "no role king"),
        ("sources", "doors:", "windows:", 1, "field doors is missing"),
        ("sources", "id: mail,", "id: files,", 2, "The platform itself has a door files"),
        ("hospital", "id: tiny", "id: tiny\nid: big", 2, "stands here twice"),
        ("hospital", "fr: Site}", "fr: Site}, timezone: Mars/Base", 4, "no time zone"),
    ],
)  # fmt: skip
def test_tells_what_is_wrong_and_where(start: str, old: str, new: str, line: int, reason: str) -> None:
    loaded = changed(start, old, new)
    told = [(problem.line, text) for problem, text in zip(loaded.problems, reasons(loaded), strict=True)]
    assert any(line == at and reason in text for at, text in told), told
    assert all(problem.file and problem.column >= 1 for problem in loaded.problems)


def test_an_unreadable_file_hides_no_mistake_and_makes_up_none() -> None:
    loaded = read(
        files(services="services: [", assets=GOOD["assets/all.yaml"].replace("criticality: 4", "criticality: 7"))
    )
    assert [problem.file for problem in loaded.problems] == ["assets/all.yaml", "services.yaml"]


def test_tells_all_mistakes_at_once() -> None:
    text = GOOD["assets/all.yaml"].replace("criticality: 4", "criticality: x").replace("zone: s.b", "zne: s.b")
    loaded = read(files(assets=text, people="people: 7\n"))
    assert loaded.hospital is None
    assert {problem.file for problem in loaded.problems} == {"assets/all.yaml", "people.yaml"}
    assert len(loaded.problems) == 3, reasons(loaded)


@pytest.mark.parametrize(
    ("features", "line", "reason"),
    [
        ([LEVEL, *ROOMS, unit("s.c", 5, 5, 12, 8)], 4, "overlap"),
        ([LEVEL, *ROOMS, unit("s.a", 30, 0, 40, 9)], 4, "used already"),
        ([LEVEL, *ROOMS, unit("s.c", 30, 0, 30, 9)], 4, "no area"),
        ([LEVEL, *ROOMS, unit("s.c", 30, 0, 40, 9, level_id="s.9")], 4, "no level s.9"),
        ([LEVEL, *ROOMS, unit("s.c", 30, 0, 40, 9, **{"safecare:securty": "staff"})], 4, "no field securty"),
        ([LEVEL, *ROOMS, unit("s.c", 30, 0, 40, 9, **{"safecare:security": "secret"})], 4, "one of: public"),
        ([LEVEL, *ROOMS, unit("s.c", 30, 0, 40, 9), opening("d", "s.a", "s.c", [10, 4], [10, 6])], 5, "no wall"),
        ([LEVEL, *ROOMS, opening("d", "s.a", "s.b", [4, 4], [4, 6])], 4, "no wall"),
        ([LEVEL, *ROOMS, opening("d", "s.a", "s.a", [10, 4], [10, 6])], 4, "with itself"),
        ([LEVEL, *ROOMS, opening("d", "s.a", "s.x", [10, 4], [10, 6])], 4, "no zone s.x"),
        ([LEVEL, *ROOMS, opening("d", "s.a", "s.b", [10, 4])], 4, "LineString"),
        ([*ROOMS, LEVEL], 2, "level feature must stand before"),
        ([LEVEL, *ROOMS, {"type": "Feature", "feature_type": "kiosk"}], 4, "type kiosk is not used"),
        (
            [LEVEL, *ROOMS, {**unit("s.c", 30, 0, 40, 9), "geometry": {"type": "Point", "coordinates": [1, 1]}}],
            4,
            "Polygon",
        ),
    ],
)
def test_tells_what_is_wrong_on_plans(features: list[dict[str, Any]], line: int, reason: str) -> None:
    loaded = read(files(plans=plan(*features)))
    told = [(problem.line - 1, text) for problem, text in zip(loaded.problems, reasons(loaded), strict=True)]
    assert any(line == at and reason in text for at, text in told), told


def test_rooms_of_any_shape_are_compared() -> None:
    bow = unit("s.c", 30, 0, 40, 9)
    bow["geometry"]["coordinates"] = [[[30, 0], [40, 9], [40, 0], [30, 9], [30, 0]]]
    loaded = read(files(plans=plan(LEVEL, *ROOMS, DOOR, bow)))
    assert "crosses itself" in reasons(loaded)[0]
    wedge = unit("s.d", 30, 0, 40, 9)
    wedge["geometry"]["coordinates"] = [[[12, 2], [18, 2], [15, 8], [12, 2]]]
    loaded = read(files(plans=plan(LEVEL, *ROOMS, DOOR, wedge)))
    assert reasons(loaded) == ["s.b and s.d overlap on the plan."]


def test_things_that_need_each_other_forever_are_told() -> None:
    cycle = "dependencies:\n" + "\n".join(
        f"  - {{id: n{of}, kind: needs, of: {of}, on: [{on}]{more}}}"
        for of, on, more in (("board", "freezer", ""), ("freezer", "care", ""), ("care", "board", ""))
    )
    problem = only(read(files(dep=cycle)))
    assert "no redundancy and no autonomy" in problem.reason.key
    assert set(str(problem.reason.args["cycle"]).split(" -> ")) == {"board", "freezer", "care"}
    assert not read(files(dep=cycle.replace("[care]", "[care], delay: 10 min"))).problems
    assert not read(files(dep=cycle.replace("[care]", "[care, door.b], at_least: 1"))).problems


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"a: [", "no YAML"),
        (b"a: \x00", "no YAML"),
        (b"a: &x [1]\nb: [*x, *x]", "Anchors"),
        (b"---\na: 1\n---\nb: 1", "more than one document"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
        (b"? [a, b]\n: 1", "must be text"),
        (b"a: " + b"x" * 3000, "longer than"),
        (b"- 1\n- 2\n", "fields with their values"),
        (b"", "is missing"),
    ],
)
def test_hostile_yaml_is_refused(raw: bytes, reason: str) -> None:
    loaded = read(files(services=raw))
    told = [
        text for problem, text in zip(loaded.problems, reasons(loaded), strict=True) if problem.file == "services.yaml"
    ]
    assert told
    assert reason in told[0]


def test_too_large_a_file_is_refused(tmp_path: Path) -> None:
    for name, raw in files(services=b"#" * (9 * 1024 * 1024)).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(raw)
    assert "larger than 8 MB" in reasons(load(tmp_path))[0] + reasons(load(tmp_path))[-1]


def test_problems_are_bounded() -> None:
    many = "people:\n" + "  - {x: 1}\n" * 2000
    loaded = read(files(people=many))
    assert len(loaded.problems) == MAX_PROBLEMS + 1


def test_an_empty_folder_names_the_missing_files(tmp_path: Path) -> None:
    assert {problem.file for problem in load(tmp_path).problems} == {
        "hospital.yaml", "services.yaml", "people.yaml", "routes.yaml", "sources.yaml",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "level", "used"),
    [
        (b'{"reviewed_by": "somebody", "conversations": []}', None, True),
        (b'{"conversations": []}', "warning", False),
        (b"{", "error", False),
    ],
)
def test_network_baseline_counts_once_it_is_reviewed(raw: bytes, level: str | None, used: bool) -> None:
    from safecare.demo import HOSPITAL

    files = {path.relative_to(HOSPITAL).as_posix(): path.read_bytes() for path in HOSPITAL.rglob("*") if path.is_file()}
    loaded = read(files | {"network-baseline.json": raw})
    levels = {one.level for one in loaded.problems if one.file == "network-baseline.json"}
    assert levels == ({level} if level else set())
    assert (loaded.hospital is not None and loaded.hospital.network is not None) is used
