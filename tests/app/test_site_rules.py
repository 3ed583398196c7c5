"""The site's correlation rules are read beside the platform's, and exchanged while the stage runs; nothing is lost."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from safecare.app.siterules import SiteRules
from safecare.correlate.rules.read import shipped
from safecare.correlate.stage import CorrelateStage
from safecare.model.alert import Alert, Domain
from safecare.model.ids import AlertId, AssetId, SiteId, derived_id
from safecare.model.text import say
from safecare.testing.hospital import small_hospital

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RULE = """
title: {title}
name: own
id: 6f8f7a0e-35c5-4c9e-a52b-3f2c7a1b9d10
level: high
description: A rule of the site.
alerts:
  one: {{rules: [{one}]}}
  two: {{rules: [made.two]}}
correlation:
  type: temporal_ordered
  rules: [one, two]
  timespan: {timespan}
  joins:
    - {{between: [one, two], identity: device}}
story:
  en: First {{one.asset}}, then {{two.asset}}
  fr: D'abord {{one.asset}}, puis {{two.asset}}
"""


def write(folder: Path, second: int, *, title: str = "Own", one: str = "made.one", timespan: str = "10m") -> None:
    (folder / "rules").mkdir(exist_ok=True)
    path = folder / "rules" / "own.yaml"
    path.write_text(RULE.format(title=title, one=one, timespan=timespan))
    os.utime(path, (second, second))


def alert(rule: str, seconds: float) -> Alert:
    at = START + timedelta(seconds=seconds)
    return Alert(
        id=AlertId(derived_id(at, "alert", rule)),
        rule=rule,
        rule_version=1,
        domain=Domain.CYBER,
        site=SiteId("aurore"),
        first=at,
        last=at,
        severity=50,
        confidence=0.8,
        title=say("Something"),
        why=(),
        because=(),
        assets=(AssetId("ws.ward.1"),),
    )


def test_rules_are_exchanged_and_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    site = SiteRules(tmp_path)
    assert len(site.current()) == len(shipped().rules)
    write(tmp_path, 1)
    assert "own" in {rule.name for rule in site.current()}
    assert not site.reasons()
    write(tmp_path, 2, timespan="soon")
    assert "own" not in {rule.name for rule in site.current()}
    [(place, reason)] = site.reasons().items()
    assert (place, reason) == ("rules/own.yaml:13", "A timespan is written like 30s, 15m, 2h or 1d.")
    write(tmp_path, 3, title="Again")
    assert "Again" in {rule.title for rule in site.current()}
    assert not site.reasons()


def test_while_the_folder_cannot_be_read_the_last_rules_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, 1)
    site = SiteRules(tmp_path)

    def refused(_: Path) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr("safecare.app.siterules.rules_of", refused)
    write(tmp_path, 2, title="New")
    assert "Own" in {rule.title for rule in site.current()}
    assert site.reasons() == {"rules": "can't be read: Permission denied"}


@pytest.mark.parametrize("change", [{"title": "Other words"}, {"timespan": "20m"}])
def test_a_window_that_is_open_outlives_the_exchange(tmp_path: Path, change: dict[str, str]) -> None:
    write(tmp_path, 1)
    site = SiteRules(tmp_path)
    stage = CorrelateStage(small_hospital(), site.shelf)
    assert not list(stage.feed([alert("made.one", 0)]))
    write(tmp_path, 2, **change)
    site.look()
    found = [one for one in stage.feed([alert("made.two", 60)]) if "own" in getattr(one, "rules", ())]
    assert len(found) == 1


def test_a_rule_that_speaks_of_other_things_takes_no_old_alert(tmp_path: Path) -> None:
    write(tmp_path, 1)
    site = SiteRules(tmp_path)
    stage = CorrelateStage(small_hospital(), site.shelf)
    stage.feed([alert("made.one", 0)])
    write(tmp_path, 2, one="made.three")
    site.look()
    assert not [one for one in stage.feed([alert("made.two", 60)]) if "own" in getattr(one, "rules", ())]
