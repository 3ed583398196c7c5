"""What `FireSeen` raises and what not stands in the golden cases; here, that what lasts is told once."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from safecare.detect.physical.fire_seen import AGAIN, FireSeen
from safecare.model.events.video import Spot, SpotsSeen
from safecare.testing.hospital_scenes import CAMERA, SIZE, drawn_hospital
from safecare.testing.made import made

FLAMES = Spot("flames", 300, 400, 30, 60, 1.0, 4.0, plain=True)


def seen(*spots: Spot) -> SpotsSeen:
    return made(SpotsSeen, 0, asset=CAMERA, spots=spots, size=SIZE)


def test_what_lasts_is_told_once_and_anew_after_a_while() -> None:
    rule, first = FireSeen(drawn_hospital()), seen(FLAMES)
    later = [msgspec.structs.replace(first, at=first.at + timedelta(minutes=one)) for one in (1, 5, 9)]
    assert [(one.rule, one.severity) for one in rule.feed([first, *later])] == [("fire.seen", 60)]
    again = msgspec.structs.replace(first, at=later[-1].at + AGAIN + timedelta(seconds=1))
    assert len(list(rule.feed([again]))) == 1


def test_what_a_special_model_calls_flames_is_another_rule() -> None:
    assert list(FireSeen(drawn_hospital()).feed([seen(msgspec.structs.replace(FLAMES, plain=False))])) == []


def test_outside_the_area_or_too_short_is_none() -> None:
    rule = FireSeen(drawn_hospital())
    short, outside = msgspec.structs.replace(FLAMES, since=2.0), msgspec.structs.replace(FLAMES, x=100.0)
    assert list(rule.feed([seen(short), seen(outside)])) == []
