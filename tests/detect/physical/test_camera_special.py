"""What `SpecialSeen` raises and what not stands in the golden cases; here, that what lasts is told once."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from safecare.detect.physical.camera_special import AGAIN, SpecialSeen
from safecare.model.events.video import Spot, SpotsSeen
from safecare.testing.hospital_scenes import CAMERA, drawn_hospital
from safecare.testing.made import made

SMOKE = Spot("smoke", 100, 200, 40, 60, 0.8, 3.0)


def test_what_lasts_is_told_once_and_anew_after_a_while() -> None:
    rule = SpecialSeen(drawn_hospital())
    first = made(SpotsSeen, 0, asset=CAMERA, spots=(SMOKE,))
    later = [msgspec.structs.replace(first, at=first.at + timedelta(minutes=one)) for one in (1, 5, 9)]
    assert len(list(rule.feed([first, *later]))) == 1
    again = msgspec.structs.replace(first, at=later[-1].at + AGAIN + timedelta(seconds=1))
    assert [one.rule for one in rule.feed([again])] == ["camera.special"]


def test_another_label_is_another_alert_and_nothing_is_none() -> None:
    rule = SpecialSeen(drawn_hospital())
    empty = made(SpotsSeen, 0, asset=CAMERA, spots=())
    both = made(SpotsSeen, 1, asset=CAMERA, spots=(SMOKE, msgspec.structs.replace(SMOKE, label="fire")))
    assert list(rule.feed([empty])) == []
    assert len(list(rule.feed([both]))) == 2
