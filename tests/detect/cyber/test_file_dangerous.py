"""`FileDangerous`: what went through weighs more than what was stopped; broken transfers alone are no alarm."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from safecare.detect.cyber.file_dangerous import FileDangerous
from safecare.model.event import Event
from safecare.model.events.files import FileJudged
from safecare.model.ids import ArtifactHash, AssetId
from safecare.model.text import Text
from safecare.testing.hospital_building import SITE

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def event(verdict: Any, act: Any, score: float = 0.9, asset: str | None = None) -> FileJudged:
    return FileJudged(
        id=Event.id_for(AT, "dicom", f"{verdict}{act}"),
        at=AT,
        seen=AT,
        source="dicom",
        site=SITE,
        asset=AssetId(asset) if asset else None,
        artifact=ArtifactHash("0" * 64),
        size=1,
        type="dicom",
        verdict=verdict,
        score=score,
        act=act,
        reasons=(Text("A value holds a file of kind {kind}.", {"kind": "pe"}),),
        peer="10.1.40.7 CT1",
    )


def test_what_went_through_is_worse_and_what_is_malicious_is_worst() -> None:
    order = [("suspicious", "refused"), ("suspicious", "passed"), ("malicious", "held"), ("malicious", "passed")]
    alerts = list(FileDangerous().feed(event(*one) for one in order))
    assert [one.severity for one in alerts] == sorted(one.severity for one in alerts)
    assert len({one.title.key for one in alerts}) == 3
    assert alerts[0].peers == ("10.1.40.7",)
    assert len(alerts[0].why) == 2


@pytest.mark.parametrize(("act", "count"), [("passed", 0), ("held", 1)])
def test_what_is_only_unreadable_is_told_when_it_was_stopped(act: str, count: int) -> None:
    assert len(list(FileDangerous().feed([event("unreadable", act, 0.2), event("clean", "passed", 0.0)]))) == count


def test_a_known_sender_is_the_asset_of_the_alert() -> None:
    (alert,) = FileDangerous().feed([event("malicious", "passed", asset="server.mail")])
    assert alert.assets == ("server.mail",)
    assert alert.peers == ()
