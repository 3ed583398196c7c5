"""Rules of the site are read beside the platform's, exchanged when files change, and kept when a change is broken."""

from __future__ import annotations

import os
from pathlib import Path

from safecare.app.rules import KEPT, LiveRules, plan_of
from safecare.detect.logs.book import shipped_rules

RULE = "title: T\nid: {id}\nlogsource: {{product: p}}\ndetection: {{s: {{A: 1}}, condition: s}}\nlevel: high\n"
ID = "11111111-1111-4111-8111-111111111111"


def touch(path: Path, text: str, second: int) -> None:
    path.write_text(text)
    os.utime(path, (second, second))


def test_rules_are_exchanged_when_files_change(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    live = LiveRules(folder, tmp_path / "compiled")
    shipped = len(plan_of(shipped_rules()).rules)
    first = live.book.plan
    assert len(first.rules) == shipped
    live.look()
    assert live.book.plan is first
    folder.mkdir()
    touch(folder / "own.yml", RULE.format(id=ID), 1)
    live.look()
    assert len(live.book.plan.rules) == shipped + 1
    assert not live.reasons()
    touch(folder / "own.yml", "title: [", 2)
    live.look()
    assert len(live.book.plan.rules) == shipped
    told = live.reasons()
    assert told.pop("log.sigma") == "1 errors in rule files"
    [(place, reason)] = told.items()
    assert place == f"{folder / 'own.yml'}:1"
    assert "no YAML" in reason
    (folder / "own.yml").unlink()
    live.look()
    assert not live.reasons()


def test_a_folder_for_compiled_rules_may_hold_other_things(tmp_path: Path) -> None:
    others = [tmp_path / f"thesis-{number}.txt" for number in range(9)]
    for path in others:
        path.write_text("mine")
    for number in range(KEPT + 3):
        plan_of([("a.yml", RULE.format(id=ID).replace("A: 1", f"A: {number}").encode())], cache=tmp_path)
    assert all(path.exists() for path in others)
    assert len(list(tmp_path.iterdir())) == len(others) + KEPT + 1
