"""Rules over what panels say: once while it stands, over a restart, whatever order; cases stand in `tests/cases`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.detect.building.fire_spread import FireSpread
from safecare.detect.building.sensor_tamper import Tamper
from safecare.detect.building.sensor_trouble import Trouble
from safecare.detect.physical.alarm_intrusion import IntrusionAlarm
from safecare.detect.physical.alarm_panic import PanicAlarm
from safecare.detect.physical.badge_duress import Duress
from safecare.detect.physical.badge_passback import Passback
from safecare.detect.physical.tag_cut import TagCut
from safecare.detect.physical.tag_exit import TagExit
from safecare.detect.standing import Standing
from safecare.model.event import Event
from safecare.model.events.building import FireSignal
from safecare.model.events.doors import BadgeGranted, DoorOpened, HolderPlaced
from safecare.model.events.panels import PANEL_KINDS, PanelSignal
from safecare.testing.hospital_guarded import guarded_hospital
from safecare.testing.made import HOSPITAL, made, moment, restarted

DOOR = "door.pharmacy"
GUARDED = guarded_hospital()


def panel(second: float, what: str, asset: str | None = DOOR, **more: Any) -> PanelSignal:
    return made(PanelSignal, second, asset, what=what, **more)


def rules() -> list[Any]:
    with_hospital = (IntrusionAlarm, TagExit, Tamper, Trouble, Passback, FireSpread)
    return [PanicAlarm(), TagCut(), *(kind(GUARDED) for kind in with_hospital)]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (IntrusionAlarm(HOSPITAL), "intrusion"),
        (PanicAlarm(), "panic"),
        (PanicAlarm(), "medical"),
        (TagCut(), "tag_cut"),
        (TagExit(HOSPITAL), "tag_exit"),
        (Tamper(HOSPITAL), "tamper"),
    ],
)
def test_an_alarm_is_told_once_while_it_stands_and_anew_after_it_was_over(rule: Any, what: str) -> None:
    assert len(list(rule.feed([panel(0, what), panel(5, what), panel(50, what)]))) == 1
    assert not list(rule.feed([panel(60, what, on=False), panel(70, what)]))  # it flutters
    assert not list(rule.feed([panel(150, what, on=False)]))
    again = restarted(rule, type(rule)(*([HOSPITAL] if hasattr(rule, "hospital") else [])))
    assert len(list(again.feed([panel(350, what)]))) == 1
    assert len(list(again.feed([panel(350 + 3601, what)]))) == 1  # the "normal" in between was lost


@pytest.mark.parametrize("asset", [DOOR, None])
def test_a_button_that_nobody_resets_can_be_pressed_again(asset: str | None) -> None:
    presses = [panel(at, "panic", asset) for at in (0, 30, 600, 630, 1200)]  # each said twice but the last
    assert len(list(PanicAlarm().feed(presses))) == 3


def test_what_is_about_nothing_known_is_told_by_its_site() -> None:
    told: dict[str, Any] = {
        "intrusion": IntrusionAlarm(HOSPITAL),
        "panic": PanicAlarm(),
        "tag_cut": TagCut(),
        "tamper": Tamper(HOSPITAL),
    }
    for what, rule in told.items():
        (alert,) = rule.feed([panel(0, what, None)])
        assert alert.site == "aurore"


def test_an_intrusion_far_away_confirms_nothing() -> None:
    near = list(IntrusionAlarm(HOSPITAL).feed([panel(0, "intrusion"), panel(60, "intrusion", "door.cold")]))
    far = list(IntrusionAlarm(HOSPITAL).feed([panel(0, "intrusion"), panel(60, "intrusion", "door.main")]))
    late = list(IntrusionAlarm(HOSPITAL).feed([panel(0, "intrusion"), panel(3600, "intrusion", "door.cold")]))
    assert [len(one[1].why) for one in (near, far, late)] == [2, 1, 1]


def test_passback_forgets_after_the_memory_and_when_a_door_was_forced() -> None:
    def grant(second: float) -> BadgeGranted:
        return made(BadgeGranted, second, DOOR, holder="holder.1", way="in")

    def told(rule: Passback, *events: Event) -> int:
        return len([*rule.feed(events), *rule.tick(moment(10**6))])

    assert told(Passback(GUARDED), grant(0), grant(19 * 3600)) == 0
    assert told(Passback(GUARDED), grant(0), made(DoorOpened, 300, DOOR), grant(600)) == 0
    kept = Passback(GUARDED)
    assert told(kept, grant(0)) == 0
    assert told(restarted(kept, Passback(GUARDED)), grant(600)) == 1


def test_a_newborn_that_stays_away_is_told_without_a_second_reading() -> None:
    rule = TagExit(GUARDED)
    away = made(HolderPlaced, 0, None, zone="aurore.corridor.pharmacy", holder="infant.1", by="tag")
    assert not list(rule.feed([away]))
    assert not list(rule.tick(moment(5)))
    assert len(list(rule.tick(moment(11)))) == 1
    assert not list(rule.tick(moment(60)))


def test_a_fault_is_told_when_it_lasts() -> None:
    rule = Trouble(HOSPITAL)
    fault = made(FireSignal, 0, "fire.pharmacy", state="fault")
    assert not list(rule.feed([fault]))
    assert not list(rule.tick(moment(60)))
    assert len(list(rule.tick(moment(121)))) == 1
    assert not list(rule.feed([made(FireSignal, 200, "fire.pharmacy", state="normal")]))


def test_fire_that_comes_back_spreads_again_once() -> None:
    def fire(second: float, asset: str, state: str = "alarm") -> FireSignal:
        return made(FireSignal, second, asset, state=state)

    rule = FireSpread(HOSPITAL)
    first = [fire(0, "fire.pharmacy"), fire(600, "fire.server.room"), fire(700, "fire.server.room")]
    assert len(list(rule.feed(first))) == 1
    list(rule.feed([fire(800, "fire.server.room", "normal")]))
    assert len(list(restarted(rule, FireSpread(HOSPITAL)).feed([fire(900, "fire.server.room")]))) == 1


def test_the_memory_of_alarms_is_bounded_and_late_words_change_nothing() -> None:
    standing = Standing()
    for number in range(5000):
        standing.news(f"made-up {number}", True, moment(number))
    assert len(standing.known) <= 2000
    assert not standing.news("made-up 4999", False, moment(0))
    assert standing.stands("made-up 4999", moment(4999))


signals = st.builds(
    panel,
    st.floats(-1e6, 1e6),
    st.sampled_from(sorted(PANEL_KINDS)),
    st.sampled_from([DOOR, "door.cold", "nowhere", None]),
    on=st.booleans(),
)


@given(st.lists(signals, max_size=20))
def test_no_order_of_signals_makes_a_rule_fail(events: list[PanelSignal]) -> None:
    for rule in rules():
        alerts = list(rule.feed(events))
        assert len({alert.id for alert in alerts}) == len(alerts) or len(set(events)) < len(events)
        assert len(alerts) <= len(events)


@pytest.mark.parametrize(("what", "rule"), [("panic", PanicAlarm), ("medical", PanicAlarm), ("duress", Duress)])
def test_a_call_for_help_is_not_hidden_by_a_clock_that_was_put_back(what: str, rule: type[Any]) -> None:
    ahead = panel(3600, what, late=-3600)  # heard at 0
    right = panel(600, what, late=0.5)
    again = panel(610, what, late=0.5)
    assert len(list(rule().feed([ahead, right, again]))) == 2
