"""How long a point has been abnormal, by the device's clock and by ours."""

from __future__ import annotations

from safecare.detect.building.point_abnormal import AbnormalPoint
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.building import PointChanged
from safecare.testing.made import HOSPITAL, made, moment, restarted

FREEZER = "freezer.1"


def rule() -> AbnormalPoint:
    return AbnormalPoint(HOSPITAL)


def lid(second: float, *, on: bool, asset: str = FREEZER, late: float = 0.0, point: str = "lid") -> Event:
    return made(PointChanged, second, asset, late=late, point=point, on=on)


def feed(one: AbnormalPoint, *events: Event) -> list[Alert]:
    return list(one.feed(events))


def tick(one: AbnormalPoint, second: float) -> list[Alert]:
    return list(one.tick(moment(second)))


def test_told_once_however_often_it_is_said() -> None:
    one = rule()
    feed(one, lid(0, on=True))
    assert not tick(one, 59)
    assert len(tick(one, 60)) == 1
    assert not feed(one, lid(100, on=True), lid(300, on=True))
    assert not tick(one, 7200)
    assert not feed(one, lid(7300, on=False), lid(7400, on=True))
    assert len(tick(one, 7460)) == 1


def test_told_when_it_ends_where_no_tick_came() -> None:
    by_tick = rule()
    feed(by_tick, lid(0, on=True))
    (late,) = feed(rule(), lid(0, on=True), lid(60, on=False))
    assert [late] == tick(by_tick, 90)
    assert not feed(rule(), lid(0, on=True), lid(59, on=False))


def test_wrong_clocks_alert_nobody() -> None:
    for late in (290.0, -290.0):
        one = rule()
        feed(one, lid(0, on=True, late=late), lid(200, on=True, asset="freezer.2", late=late - 200))
        assert not tick(one, late + 30)
        assert len(tick(one, late + 60)) == 2


def test_out_of_order_and_clock_put_back() -> None:
    one = rule()
    assert not feed(one, lid(100, on=True), lid(0, on=False))
    feed(one, lid(200, on=True))
    assert not tick(one, -3600)
    assert len(tick(one, 260)) == 1


def test_a_point_may_be_abnormal_when_it_is_off() -> None:
    one = rule()
    feed(one, lid(0, on=False, asset="board.north", point="mains"))
    assert len(tick(one, 60)) == 1


def test_only_points_with_a_rule_are_remembered() -> None:
    one = rule()
    feed(one, *(lid(0, on=True, asset=f"a{n}") for n in range(50)), lid(0, on=True, point="other"))
    assert not one._since


def test_state_survives_a_crash() -> None:
    one = rule()
    feed(one, lid(0, on=True))
    one = restarted(one, rule())
    assert len(tick(one, 60)) == 1
    assert not tick(restarted(one, rule()), 61)
