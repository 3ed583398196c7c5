"""Rules under attack and at their bounds: floods, wrong clocks, hostile rule files."""

from __future__ import annotations

import random
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.correlate.rules.engine import FOUND, FUTURE, LATE, Bounds, Engine
from safecare.correlate.rules.read import MOST_RULES, Rulebook, read, shipped
from safecare.correlate.rules.rule import Rule, timespan
from safecare.correlate.rules.sign import Sign
from safecare.testing.hospital import small_hospital

HOSPITAL = small_hospital()
RULES = {rule.name: rule for rule in shipped().rules}
CAMERA = RULES["camera-then-door"]
ONE = (files("safecare.correlate") / "rules" / "library" / "held-open-without-badge.yaml").read_bytes()


def sign(name: str, start: float, zone: str = "aurore.pharmacy", *, id: str = "", severity: int = 70) -> Sign:
    return Sign(id=id or f"{name}{start}{zone}", name=name, start=start, zones=(zone,), severity=severity)


def test_a_flood_of_one_sort_drives_out_only_its_own() -> None:
    engine = Engine([CAMERA, RULES["forced-then-running"]], HOSPITAL)
    engine.feed(sign("camera.lost", 0))
    for number in range(500):
        engine.feed(sign("people.running", 1 + number / 100, id=f"r{number}"))
    [match] = [one for one in engine.feed(sign("door.forced", 60)) if one.rule is CAMERA]
    assert [one.name for one in match.signs] == ["camera.lost", "door.forced"]
    assert engine.counts["crowded"] > 400


def test_one_alert_completes_a_bounded_number_of_matches_and_that_is_counted() -> None:
    engine = Engine([CAMERA], HOSPITAL)
    for number in range(30):
        engine.feed(sign("camera.lost", number, id=f"c{number}"))
    assert len(engine.feed(sign("door.forced", 60))) == FOUND
    assert engine.counts["cut"] == 1


def test_an_alert_that_comes_again_and_says_more_is_looked_at_again() -> None:
    engine = Engine([CAMERA], HOSPITAL)
    engine.feed(sign("camera.lost", 0))
    assert engine.feed(sign("door.forced", 60, id="d", severity=20)) == []
    assert len(engine.feed(sign("door.forced", 60, id="d"))) == 1
    assert engine.feed(sign("door.forced", 60, id="d")) == []
    engine.feed(sign("camera.lost", 70, "aurore.ward.a"))
    wider = sign("door.forced", 75, id="d")
    wider.zones = ("aurore.pharmacy", "aurore.ward.a")
    assert {one.signs[0].zones for one in engine.feed(wider)} == {("aurore.pharmacy",), ("aurore.ward.a",)}
    engine.feed(sign("camera.lost", 1e6))
    assert engine.counts["signs"] == 1


def test_memory_is_bounded_and_given_back() -> None:
    engine = Engine([CAMERA], HOSPITAL, bounds=Bounds(signs=100))
    for number in range(1000):
        engine.feed(sign("camera.lost", number, f"unknown.{number}"))
    assert engine.counts["signs"] == 100
    assert engine.counts["evicted"] == 900
    engine.feed(sign("camera.lost", 1000 + timespan("15m") + LATE + 1, "unknown.x"))
    assert engine.counts["signs"] == 1
    assert len(engine._index._by_key) == 1


def test_a_clock_that_is_years_ahead_makes_nothing_else_old() -> None:
    engine = Engine([CAMERA], HOSPITAL)
    engine.tick(1000.0)
    engine.feed(sign("camera.lost", 990))
    engine.feed(sign("camera.lost", 4e9, "aurore.ward.a"))
    assert engine._latest == 1000.0 + FUTURE
    [match] = engine.feed(sign("door.forced", 1001))
    assert match.signs[0].start == 990


def test_what_must_be_absent_is_waited_for_by_events_and_by_the_clock() -> None:
    rule = RULES["held-open-without-badge"]
    people = sign("people.loitering", 0, "aurore.corridor.pharmacy")
    door = Sign(
        id="d", name="door.held-open", start=100, assets=("door.pharmacy",), zones=("aurore.pharmacy",), severity=60
    )
    by_events = Engine([rule], HOSPITAL)
    assert by_events.feed(people) == by_events.feed(door) == []
    assert by_events.feed(sign("people.loitering", 130, "aurore.ward.a")) == []
    assert len(by_events.feed(sign("people.loitering", 136, "aurore.ward.a"))) == 1
    by_clock = Engine([rule], HOSPITAL)
    by_clock.tick(5000)
    by_clock.feed(people)
    by_clock.feed(door)
    assert by_clock.tick(5030) == []
    assert len(by_clock.tick(5036)) == 1
    assert by_clock.tick(5037) == []


def test_rules_that_changed_since_the_snapshot_leave_out_what_they_do_not_know() -> None:
    before = Engine([CAMERA, RULES["held-open-without-badge"]], HOSPITAL)
    before.feed(sign("people.loitering", 0, "aurore.corridor.pharmacy"))
    before.feed(sign("door.held-open", 10, "aurore.pharmacy"))
    before.feed(sign("camera.lost", 20))
    after = Engine([CAMERA], HOSPITAL)
    after.restore(before.snapshot())
    assert after.counts["waiting"] == 0
    assert len(after.feed(sign("door.forced", 30))) == 1


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_rule_or_a_told_fault(raw: bytes) -> None:
    book = read({"x.yaml": raw})
    assert not book.rules
    assert all(problem.file == "x.yaml" and problem.line >= 1 for problem in book.problems)


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 6))
@pytest.mark.slow
def test_a_rule_file_that_was_damaged_is_read_or_told_and_never_breaks_the_engine(
    rng: random.Random, cuts: int
) -> None:
    lines = ONE.decode().splitlines()
    for _ in range(cuts):
        at = rng.randrange(len(lines))
        match rng.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[rng.randrange(len(lines))])
            case 2:
                lines[at] = lines[at].replace(rng.choice("abdeo:[{,"), rng.choice("x:[]{}, 9"), 1)
            case _:
                lines[at] = f"  {lines[at]}"
        if not lines:
            break
    book = read({"damaged.yaml": "\n".join(lines).encode()})
    assert isinstance(book, Rulebook)
    assert bool(book.rules) != bool(book.problems)
    engine = Engine(book.rules, HOSPITAL)
    for name in ("people.loitering", "door.held-open", "badge.granted"):
        engine.feed(sign(name, 1.0, "aurore.corridor.pharmacy"))
    engine.drain()


@pytest.mark.slow
def test_too_many_rules_are_told() -> None:
    book = read({f"{n}.yaml": _numbered(n) for n in range(MOST_RULES + 1)})
    assert len(book.rules) == MOST_RULES
    assert len(book.problems) == 1


def _numbered(number: int) -> bytes:
    return ONE.replace(b"name: held-open-without-badge", b"name: r%d" % number).replace(
        b"\nid: ", b"\nid: %d-" % number
    )


@pytest.mark.parametrize("text", ["", "5", "m", "-3s", "1w", "1.5h", "9999999s", "1 h 2 m"])
def test_timespans_are_written_as_in_sigma(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        timespan(text)


def test_timespans() -> None:
    assert [timespan(text) for text in ("30s", "15m", "5min", "2h", "1d")] == [30, 900, 300, 7200, 86_400]


def test_rules_have_unique_names() -> None:
    assert isinstance(CAMERA, Rule)
    assert len(RULES) == len(shipped().rules)
