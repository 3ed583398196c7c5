"""What alerts state: the table that comes with the platform, and refusal of broken ones."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.cascade.meaning import MeaningsError, built_in_meanings, read_meanings, seeds_of, unknown_assets
from safecare.cascade.words import Seed
from safecare.detect.api import detectors
from safecare.model.alert import Alert
from safecare.model.forecast import State
from safecare.testing.cascade import START, raised
from safecare.testing.hospital import small_hospital

HOSPITAL = small_hospital()
TABLE = built_in_meanings()


def stated(alert: Alert, *, confirmed: bool = False) -> tuple[Seed, ...]:
    return seeds_of([alert], HOSPITAL, TABLE, START + timedelta(hours=1), confirmed=confirmed)


@pytest.mark.parametrize(
    ("alert", "facts"),
    [
        (raised("mail.phishing", 0, holders=("holder.1",)), {("ws.pharmacy.1", State.COMPROMISED)}),
        (raised("network.scan", 0, assets=("ws.ward.1", "server.mail")), {("ws.ward.1", State.COMPROMISED)}),
        (
            raised("network.lateral-movement", 0, assets=("ws.ward.1", "server.mail")),
            {("ws.ward.1", State.COMPROMISED), ("server.mail", State.COMPROMISED)},
        ),
        (raised("appointments.mass-change", 0, assets=("app.appointments",)), {("app.appointments", State.CORRUPTED)}),
        (
            raised("people.crowd", 0, assets=("camera.hall",), zones=("aurore.vaccination.hall",)),
            {("aurore.vaccination.hall", State.DEGRADED)},
        ),
        (
            raised("badge.owner-absent", 0, assets=("door.pharmacy",), zones=("aurore.corridor.pharmacy",)),
            {("door.pharmacy", State.COMPROMISED), ("aurore.pharmacy", State.ACCESSED)},
        ),
        (raised("freezer.opened", 0, assets=("freezer.1",)), {("freezer.1", State.ACCESSED)}),
        (raised("reading.out-of-range", 0, assets=("freezer.1",)), {("freezer.1", State.DEGRADED)}),
        (raised("fire.alarm", 0, assets=("fire.pharmacy",)), {("aurore.pharmacy", State.UNSAFE)}),
        (raised("power.lost", 0, assets=("board.north",)), {("board.north", State.DOWN)}),
        (raised("camera.lost", 0, assets=("camera.hall",)), {("camera.hall", State.DOWN)}),
        (raised("file.unreadable", 0), set()),
        (raised("something.new", 0, assets=("board.north",)), set()),
        (raised("power.lost", 0, assets=("not.there",)), set()),
    ],
)
def test_an_alert_states_what_the_table_says(alert: Alert, facts: set[tuple[str, State]]) -> None:
    assert {tuple(seed.fact) for seed in stated(alert)} == facts


def test_confidence_scales_until_a_person_confirms() -> None:
    alert = raised("power.lost", 0, assets=("board.north",), confidence=0.5)
    assert stated(alert)[0].probability == (0.45, 0.5, 0.5)
    assert stated(alert, confirmed=True)[0].probability == (0.9, 1.0, 1.0)


def test_times_count_from_the_incident_and_a_crowd_passes() -> None:
    (crowd,) = stated(raised("people.crowd", 30, zones=("aurore.vaccination.hall",)))
    assert crowd.at == -1800.0
    assert crowd.until == -1800.0 + 3 * 3600.0


def test_unknown_assets_are_named() -> None:
    alerts = [
        raised("power.lost", 0, assets=("board.north", "not.there")),
        raised("something.new", 1, assets=("freezer.1", "board.north")),
    ]
    assert unknown_assets(alerts, HOSPITAL, TABLE) == ("not.there", "freezer.1")


@pytest.mark.parametrize(
    "text",
    [
        "- {alert: x, states: [{target: zone, state: unsafe, probability: [0.9, 0.1, 1.0]}]}",
        "- {alert: x, states: [{target: roof, state: unsafe, probability: [0.1, 0.2, 0.3]}]}",
        "- {alert: x}",
        "{",
        "[" * 5000,
    ],
)
def test_a_broken_table_is_refused(text: str) -> None:
    with pytest.raises(MeaningsError):
        read_meanings(text)


@given(st.text(max_size=200))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    with suppress(MeaningsError):
        read_meanings(text)


def test_every_detector_has_a_row_so_that_nobody_forgets_what_it_means() -> None:
    rules = sorted(detectors().parts)
    assert [rule for rule in rules if not any(fnmatchcase(rule, row.alert) for row in TABLE)] == []
