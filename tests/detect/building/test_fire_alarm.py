"""Alarms of detectors: once each, surer together, and never hidden by what was lost."""

from __future__ import annotations

from typing import Any

from safecare.detect.building.fire_alarm import MOST, FireAlarm
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.testing.made import HOSPITAL, made, restarted

ONE, OTHER = "fire.pharmacy", "fire.technical.north"


def rule() -> FireAlarm:
    return FireAlarm(HOSPITAL)


def feed(one: FireAlarm, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def fire(second: float, asset: str | None = ONE, state: str = "alarm", **more: Any) -> Event:
    return made(FireSignal, second, asset, state=state, **more)


def test_once_until_it_is_normal() -> None:
    one = rule()
    assert len(feed(one, fire(0), fire(60), fire(120))) == 1
    assert len(feed(one, fire(180, state="normal"), fire(240))) == 1
    assert not feed(one, fire(300, state="fault"), fire(301, state="prealarm"))


def test_repeated_for_hours_it_is_one_alarm_and_after_a_silence_another() -> None:
    one = rule()
    assert len(feed(one, *(fire(n * 600) for n in range(30)))) == 1
    assert len(feed(one, fire(29 * 600 + 3601))) == 1  # the "normal" in between was lost


def test_a_second_detector_of_the_compartment_makes_it_surer() -> None:
    first, second = feed(rule(), fire(0), fire(10, OTHER))
    assert second.confidence > first.confidence
    assert len(second.why) == 2
    apart = feed(rule(), fire(0), fire(10, "fire.server.room"))
    assert apart[0].confidence == apart[1].confidence
    old = feed(rule(), fire(0), fire(7200, OTHER))
    assert old[0].confidence == old[1].confidence


def test_a_detector_that_the_hospital_does_not_know_is_told_too() -> None:
    (by_asset,) = feed(rule(), fire(0, "fire.new"))
    (by_zone,) = feed(rule(), fire(0, None, zone="aurore.ward.a"))
    (by_site,) = feed(rule(), fire(0, None))
    assert by_asset.assets == ("fire.new",)
    assert by_zone.zones == ("aurore.ward.a",)
    assert by_site.site == "aurore"


def test_a_clock_put_back_hides_nothing() -> None:
    assert len(feed(rule(), fire(86_400), fire(0))) == 2


def test_strangers_are_not_remembered_without_bound() -> None:
    one = rule()
    assert len(feed(one, *(fire(n, f"fire.{n}") for n in range(MOST * 2)))) == MOST * 2
    assert len(one._on) <= MOST


def test_state_survives_a_crash() -> None:
    one = rule()
    feed(one, fire(0))
    one = restarted(one, rule())
    assert not feed(one, fire(60))
    (alert,) = feed(one, fire(70, OTHER))
    assert len(alert.why) == 2
