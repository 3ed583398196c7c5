"""Severity and once-only of `CameraLost`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from safecare.detect.physical.camera_lost import CameraLost
from safecare.model.events.video import CameraState
from safecare.model.ids import AssetId, EventId, SiteId
from safecare.testing.hospital import small_hospital

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def state(second: float, name: str) -> CameraState:
    at = START + timedelta(seconds=second)
    asset = AssetId("camera.corridor")
    return CameraState(
        id=EventId(f"{second}"), at=at, seen=at, source="test", site=SiteId("aurore"), asset=asset, state=name
    )


@pytest.mark.parametrize("name", ["lost", "frozen", "covered", "unreadable"])
def test_each_state_is_told_once_and_again_after_it_was_well(name: str) -> None:
    rule = CameraLost(small_hospital())
    assert not list(rule.feed([state(0, name)]))
    assert not list(rule.tick(START + timedelta(seconds=30)))
    assert len(list(rule.tick(START + timedelta(seconds=31)))) == 1
    assert not list(rule.tick(START + timedelta(seconds=90)))
    assert not list(rule.feed([state(100, "ok"), state(110, name), state(120, "ok")]))
    assert not list(rule.tick(START + timedelta(seconds=170))), "it flutters"
    assert not list(rule.feed([state(180, name)]))
    assert len(list(rule.tick(START + timedelta(seconds=211)))) == 1


def test_a_short_outage_does_not_hide_the_long_one_after_it() -> None:
    rule = CameraLost(small_hospital())
    assert not list(rule.feed([state(0, "lost"), state(5, "ok"), state(20, "lost")]))
    assert len(list(rule.tick(START + timedelta(seconds=51)))) == 1


def test_an_old_word_that_it_is_back_ends_nothing() -> None:
    rule = CameraLost(small_hospital())
    assert not list(rule.feed([state(60, "lost"), state(50, "ok")]))
    assert len(list(rule.tick(START + timedelta(seconds=91)))) == 1


def test_masked_camera_weighs_more_than_a_lost_one() -> None:
    severities = []
    for name in ("lost", "covered"):
        rule = CameraLost(small_hospital())
        list(rule.feed([state(0, name)]))
        severities += [alert.severity for alert in rule.tick(START + timedelta(seconds=60))]
    assert severities[1] > severities[0]
