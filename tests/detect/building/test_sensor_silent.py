"""Devices that report at intervals, and then do not."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from safecare.detect.building.sensor_silent import LEARNED, SilentSensor
from safecare.model.alert import Alert
from safecare.model.events.acts import ExerciseSet
from safecare.model.events.building import Reading
from safecare.model.events.doors import DoorOpened
from safecare.testing.made import HOSPITAL, made, moment, restarted


class Watch:
    """A rule that lives through time: ticks come each ten seconds, and devices report in between."""

    def __init__(self, rule: SilentSensor | None = None) -> None:
        self.rule = rule or SilentSensor(HOSPITAL)
        self.now = 0.0
        self.next: dict[str, float] = {}

    def run(self, seconds: float, every: dict[str, float], *, source: str = "test", late: float = 0.0) -> list[Alert]:
        """Let `seconds` pass; `every` tells who reports at which interval."""
        found: list[Alert] = []
        end = self.now + seconds
        while self.now < end:
            self.now += 10
            for asset, interval in every.items():
                due = self.next.get(asset, self.now)
                if self.now >= due:
                    self.next[asset] = self.now + interval
                    event = made(
                        Reading, self.now - late, asset, late=late, source=source, quantity="t", value=1.0, unit="K"
                    )
                    found += self.rule.feed([event])
            found += self.rule.tick(moment(self.now))
        return found

    def device(self, asset: str) -> float:
        """The usual interval that was learned."""
        return self.rule._devices[asset].usual


def test_silence_is_told_once_and_again_after_a_recovery() -> None:
    watch = Watch()
    assert not watch.run(30 * 60, {"freezer.1": 60, "freezer.2": 60})
    assert watch.device("freezer.1") == 60
    assert not watch.run(4 * 60, {"freezer.2": 60})
    (alert,) = watch.run(12 * 3600, {"freezer.2": 60})
    assert (alert.assets, alert.severity, alert.zones) == (("freezer.1",), 55, ("aurore.pharmacy.cold",))
    assert not watch.run(30 * 60, {"freezer.1": 60, "freezer.2": 60})
    assert len(watch.run(3600, {"freezer.2": 60})) == 1


def test_severity_by_criticality() -> None:
    watch = Watch()
    watch.run(3600, {"ahu.north": 60})
    (alert,) = watch.run(3600, {})
    assert alert.severity == 30


def test_slow_devices_are_given_time() -> None:
    watch = Watch()
    watch.run(25 * 600, {"freezer.1": 600})
    assert not watch.run(35 * 60, {})
    assert len(watch.run(3600, {})) == 1


def test_fast_devices_are_given_five_minutes() -> None:
    watch = Watch()
    watch.run(600, {"freezer.1": 10})
    assert not watch.run(290, {})
    assert len(watch.run(30, {})) == 1


def test_too_little_is_known() -> None:
    watch = Watch()
    watch.run(60 * LEARNED, {"freezer.1": 60})
    assert not watch.run(24 * 3600, {})


@pytest.mark.parametrize("seed", range(5))
def test_doors_are_silent_at_night(seed: int) -> None:
    rng, rule, second = random.Random(seed), SilentSensor(HOSPITAL), 0.0
    while second < 8 * 3600:
        second += rng.expovariate(1 / 120) + 3
        list(rule.feed([made(DoorOpened, second, "door.main")]))
    assert rule._devices["door.main"].usual == 0
    assert not [alert for minute in range(600) for alert in rule.tick(moment(second + 60 * minute))]


def test_lost_reports_are_borne() -> None:
    watch, rng = Watch(), random.Random(1)
    for _ in range(200):
        found = watch.run(60, {"freezer.1": 60} if rng.random() > 0.04 else {})
        assert not found
    assert watch.device("freezer.1") == pytest.approx(60, abs=10)


def test_several_values_of_one_message_are_one_report() -> None:
    rule = SilentSensor(HOSPITAL)
    for minute in range(LEARNED + 1):
        for part in range(3):
            list(
                rule.feed(
                    [made(Reading, minute * 60 + part * 0.1, "freezer.1", quantity=f"q{part}", value=0.0, unit="K")]
                )
            )
    assert rule._devices["freezer.1"].usual == pytest.approx(60, abs=1)


def test_the_clock_of_a_device_does_not_matter() -> None:
    for late in (3600.0, -290.0):
        watch = Watch()
        assert not watch.run(3600, {"freezer.1": 60}, late=late)
        assert len(watch.run(3600, {}, late=late)) == 1


def test_time_in_which_we_were_away_does_not_count() -> None:
    watch = Watch()
    watch.run(1800, {"freezer.1": 60})
    watch.now += 8 * 3600  # we were down
    assert not watch.run(290, {})
    watch.next.clear()
    assert not watch.run(1800, {"freezer.1": 60})
    assert watch.device("freezer.1") == 60
    assert max(watch.rule._devices["freezer.1"].gaps) < 600


def test_our_clock_put_back_alerts_nobody() -> None:
    watch = Watch()
    watch.run(1800, {"freezer.1": 60})
    watch.now -= 3600
    watch.next.clear()
    assert not watch.run(1800, {"freezer.1": 60})
    assert len(watch.run(7200, {})) == 1


def test_another_interval_is_learned_and_not_told_for_ever() -> None:
    watch = Watch()
    watch.run(1800, {"freezer.1": 60})
    assert len(watch.run(24 * 3600, {"freezer.1": 1200})) <= 4
    assert watch.device("freezer.1") == 1200


def test_a_silent_door_is_told_once_for_all_its_devices() -> None:
    some = {str(asset.id): 60.0 for asset in HOSPITAL.assets[:8]}
    watch = Watch()
    watch.run(1800, some, source="modbus")
    (alert,) = watch.run(4 * 3600, {})
    assert not alert.assets
    assert not alert.zones
    assert alert.title.args["count"] == 8
    assert not watch.run(1800, some, source="modbus")
    assert len(watch.run(3600, dict(list(some.items())[1:]))) == 1


def test_only_the_hospitals_own_devices_are_remembered() -> None:
    watch = Watch()
    watch.run(600, {f"device.{number}": 10 for number in range(50)})
    assert not watch.rule._devices
    watch.run(3600, {"freezer.1": 10})
    assert len(watch.rule._devices["freezer.1"].gaps) == LEARNED


def test_state_survives_a_crash() -> None:
    watch = Watch()
    watch.run(1800, {"freezer.1": 60})
    watch.run(60, {})
    watch.rule = restarted(watch.rule, SilentSensor(HOSPITAL, least=timedelta(minutes=5)))
    assert not watch.run(150, {})
    assert len(watch.run(120, {})) == 1
    watch.rule = restarted(watch.rule, SilentSensor(HOSPITAL))
    assert not watch.run(3600, {})


def exercise(watch: Watch, *, running: bool) -> None:
    event = made(
        ExerciseSet, watch.now, None, zone=None, actor="local", role="admin", scenario="theft", running=running
    )
    assert not list(watch.rule.feed([event]))


def test_devices_that_only_an_exercise_lets_speak_may_fall_silent_after_it() -> None:
    watch = Watch()
    watch.run(30 * 60, {"freezer.1": 60})
    exercise(watch, running=True)
    assert not watch.run(30 * 60, {"freezer.1": 60, "freezer.2": 30})
    watch.rule = restarted(watch.rule, SilentSensor(HOSPITAL))
    exercise(watch, running=False)
    assert not watch.run(60 * 60, {"freezer.1": 60})  # the simulated one is gone
    assert [alert.assets for alert in watch.run(60 * 60, {})] == [("freezer.1",)]  # the real one is missed


def test_an_exercise_whose_end_is_not_on_record_ends_by_itself() -> None:
    watch = Watch()
    exercise(watch, running=True)
    watch.run(30 * 60, {"freezer.2": 30})
    alerts = watch.run(4 * 3600, {"freezer.2": 30})
    assert not alerts
    assert [alert.assets for alert in watch.run(60 * 60, {})] == [("freezer.2",)]
