"""Reports of people as alerts: the words never stand in a title, which may leave the house."""

from __future__ import annotations

from typing import Any

import pytest

from safecare.detect.physical.person_report import PersonReport
from safecare.model.event import Event
from safecare.model.events.acts import Reported
from safecare.model.ids import ArtifactHash, SiteId, ZoneId
from safecare.testing.clock import START


def report(**more: Any) -> Reported:
    fields: dict[str, Any] = {"words": "Mrs Doe was hit", "zone": ZoneId("aurore.pharmacy")} | more
    return Reported(
        id=Event.id_for(START, "t", repr(sorted(fields))),
        at=START,
        seen=START,
        source="console",
        site=SiteId("aurore"),
        actor="u",
        role="guard",
        **fields,
    )


def test_words_stay_in_the_reasons_and_a_picture_is_shown() -> None:
    [alert] = PersonReport().feed([report(picture=ArtifactHash("a" * 64), voice=ArtifactHash("b" * 64))])
    assert "Doe" not in repr(alert.title)
    assert "Doe" in repr(alert.why)
    assert alert.still == "a" * 64


def test_without_a_place_it_is_told_all_the_same() -> None:
    [alert] = PersonReport().feed([report(zone=None, panic=True, words="")])
    assert alert.severity == 90
    assert alert.confidence == 1.0
    assert alert.zones == ()


@pytest.mark.parametrize(
    ("about", "severity", "word"),
    [
        ("fire", 75, "fire"),
        ("violence", 75, "violence"),
        ("object", 60, "thing"),
        ("stranger", 50, "somebody"),
        ("water", 40, "leak"),
        ("damage", 35, "damage"),
        ("", 35, "Report of a person"),
    ],
)
def test_what_it_is_about_weighs_and_is_told_without_its_words(about: str, severity: int, word: str) -> None:
    [alert] = PersonReport().feed([report(about=about)])
    assert alert.severity == severity
    assert word in alert.title.key
    [nowhere] = PersonReport().feed([report(about=about, zone=None)])
    assert word in nowhere.title.key
    [help] = PersonReport().feed([report(about=about, panic=True)])
    assert help.severity == 90
