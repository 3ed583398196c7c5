"""Every rule of the package: when it must match, and when it must stay quiet (`rule_cases/<rule>.yaml`)."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_alerts import CYBER, PHYSICAL, START, latest, made

from safecare.correlate.rules.engine import Engine
from safecare.correlate.rules.read import shipped
from safecare.correlate.rules.rule import timespan
from safecare.correlate.rules.sign import of_alert, of_event
from safecare.correlate.stage import CorrelateStage
from safecare.detect.api import detectors
from safecare.locale.catalogue import Catalogue
from safecare.model.events import KINDS
from safecare.model.events.doors import BadgeGranted
from safecare.model.ids import AssetId, EventId, SiteId
from safecare.model.incident import Incident
from safecare.testing.hospital import small_hospital

BUILDING = {"door", "badge", "people", "camera", "fire", "power", "reading", "point", "sensor", "freezer"}
CASES = Path(__file__).parent / "rule_cases"
BOOK = shipped()
HOSPITAL = small_hospital()
RULES = {rule.name: rule for rule in BOOK.rules}


def item(line: dict[str, Any], number: int) -> Any:
    """Return the alert or badge event that one line of a case describes; severity 70 and confidence 0.8 if not said."""
    fields = {"severity": 70, **line}
    seconds = timespan(fields.pop("at"))
    if "badge" in fields:
        at = START + timedelta(seconds=seconds)
        door = AssetId(fields["badge"])
        return BadgeGranted(id=EventId(f"e{number}"), at=at, seen=at, source="d", site=SiteId("aurore"), asset=door)
    rule = fields.pop("rule")
    domain = PHYSICAL if rule.split(".")[0] in BUILDING else CYBER
    return made(rule, seconds, domain=domain, name=str(number), **fields)


def test_the_reference_lists_every_rule() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "correlation-rules.md").read_text("utf-8")
    assert all(f"| `{rule.name}` | {rule.level} | {rule.title} |" in page for rule in BOOK.rules)


def test_every_kind_that_a_rule_speaks_of_is_one_that_a_detector_or_an_event_has() -> None:
    """A rule that waits for what nothing here reports would look like protection, and be none."""
    kinds = set(detectors().parts)
    for rule in shipped().rules:
        for name, pick in rule.alerts.items():
            silent = [one for one in pick.rules if not fnmatch.filter(kinds, one)]
            assert not silent, f"{rule.name}: {name}: no detector has {silent}"
            assert set(pick.events) <= set(KINDS), f"{rule.name}: {name}"
    for line in (line for kind in ("match", "quiet") for case in cases(kind) for line in case.values[1]):
        assert line.get("rule", "door.forced") in kinds, line


def matched(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return the names of all rules of the package that match `lines`."""
    engine = Engine(BOOK.rules, HOSPITAL)
    signs = [
        of_event(one, engine.places) if isinstance(one, BadgeGranted) else of_alert(one, engine.places)
        for one in (item(line, number) for number, line in enumerate(lines))
    ]
    found = [match for sign in signs for match in engine.feed(sign)]
    found += engine.drain()
    return [match.rule.name for match in found]


def cases(kind: str) -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        for name, lines in yaml.safe_load(path.read_text("utf-8"))[kind].items():
            found.append(pytest.param(path.stem, lines, id=f"{path.stem}: {name}"))
    return found


def test_all_rules_of_the_package_are_whole_and_have_cases_of_both_kinds() -> None:
    assert BOOK.problems == ()
    assert len(BOOK.rules) >= 25
    assert {path.stem for path in CASES.glob("*.yaml")} == RULES.keys()
    for path in CASES.glob("*.yaml"):
        case = yaml.safe_load(path.read_text("utf-8"))
        assert case["match"], path
        assert case["quiet"], path


@pytest.mark.parametrize(("rule", "lines"), cases("match"))
def test_a_rule_matches(rule: str, lines: list[dict[str, Any]]) -> None:
    assert rule in matched(lines)


@pytest.mark.parametrize(("rule", "lines"), cases("quiet"))
def test_a_rule_stays_quiet(rule: str, lines: list[dict[str, Any]]) -> None:
    assert rule not in matched(lines)


@pytest.mark.parametrize(("rule", "lines"), cases("match"))
def test_a_match_is_one_incident_with_its_story_in_both_languages(rule: str, lines: list[dict[str, Any]]) -> None:
    stage = CorrelateStage(HOSPITAL, [RULES[rule]])
    found = list(stage.feed([item(line, number) for number, line in enumerate(lines)]))
    for seconds in (10_000, 20_000):  # what must be absent is waited for
        found += stage.tick(START + timedelta(seconds=seconds))
    incidents = [one for one in found if isinstance(one, Incident)]
    incident = next(one for one in latest(incidents).values() if one.into is None and rule in one.rules)
    assert incident.severity >= RULES[rule].severity
    catalogue = Catalogue.load()
    text = next(one for one in incident.story if one.fr)
    english, french = (catalogue.render(text, language, HOSPITAL) for language in ("en", "fr"))
    assert english != french
    assert "{" not in english + french
    assert "'" not in text.fr  # set as French is, whatever the keyboard that wrote the rule
    assert " ;" not in text.fr
