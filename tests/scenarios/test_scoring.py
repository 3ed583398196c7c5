"""Scoring with recorded answers: what holds passes, and each way in which it does not is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from safecare.model.text import Text
from safecare.scenarios.answers import (
    Named,
    SeenAction,
    SeenAlert,
    SeenEffect,
    SeenForecast,
    SeenGroup,
    SeenIncident,
    SeenLink,
    SeenNotice,
    SeenPlan,
    SeenReceipt,
)
from safecare.scenarios.inputs.pause import Pause
from safecare.scenarios.report import RunCheck, ScenarioRun, lines
from safecare.scenarios.scoring import Progress, Situation, checks, fits, run_step
from safecare.scenarios.script import Checks, Expect, NoticeCheck, Scenario, Step

AT = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
NOTICE = SeenNotice("n1", "guard", "page", AT, "Theft", (SeenReceipt("acknowledged", "Exercise", AT),))
FORECAST = SeenForecast(
    (SeenGroup("it", (SeenEffect("server", "down", 0.5, 60.0), SeenEffect("care.1", "down", 0.4, 0.0))),)
)
PLAN = SeenPlan("p", (SeenAction("guard", "Send", 1, 0.0, ("nothing",)), SeenAction("wait", "Wait", 2, 3.0, ("much",))))

SILENT = SeenAction("guard", "Send", 1, 1.0)


def alert(id: str, rule: str, incident: str | None = "i", asset: str = "door") -> SeenAlert:
    return SeenAlert(id, rule, rule, AT, (Named(asset),), (Named("zone"),), incident)


def incident(*alerts: SeenAlert, id: str = "i", combined: bool = True) -> SeenIncident:
    links = tuple(SeenLink(one) for one in alerts)
    return SeenIncident(id, "Theft", "new", combined, None, links, (NOTICE,))


def scenario(incident: str = "one_combined") -> Scenario:
    steps = tuple(
        Step(rule, rule, (Pause(0.0),), (Expect(rule, 10.0, ("door",)),)) for rule in ("mail.phishing", "door.forced")
    )
    wanted = Checks("one_combined", ("it",), ("care.1",), plan=True, notice=NoticeCheck("guard"))
    if incident == "none":
        return Scenario("quiet", "Quiet", "", (), Checks("none"))
    return Scenario("theft", "Theft", "", steps, wanted)


def played(*alerts: SeenAlert, at: float = 2.0, known: frozenset[str] = frozenset()) -> Progress:
    progress = Progress(scenario(), known)
    for number in (0, 1):
        progress.begin(number)
        progress.taken(number, 1.0)
    progress.see(alerts, at)
    return progress


STORY = (alert("a", "mail.phishing"), alert("b", "door.forced"))


def judged(progress: Progress, *incidents: SeenIncident, **more: object) -> dict[str, RunCheck]:
    given = {"forecast": FORECAST, "plan": PLAN, "guard": "Exercise"} | more
    found = checks(progress.scenario, progress, Situation(incidents, **given))  # type: ignore[arg-type]
    return {one.name.key: one for one in found}


def failed(found: dict[str, RunCheck]) -> list[str]:
    return [name for name, one in found.items() if not one.ok]


ALERTS = "Every expected alert in time"
ONE = "One combined incident with exactly these alerts"


def test_all_as_expected_passes() -> None:
    found = judged(played(*STORY), incident(*STORY))
    assert failed(found) == []
    assert len(found) == 6


def test_a_missing_alert_fails() -> None:
    assert ALERTS in failed(judged(played(STORY[0]), incident(STORY[0])))


def test_a_late_alert_fails() -> None:
    assert failed(judged(played(*STORY, at=12.0), incident(*STORY))) == [ALERTS]


def test_an_alert_about_another_thing_is_not_the_expected_one() -> None:
    other = alert("b", "door.forced", asset="window")
    assert ALERTS in failed(judged(played(STORY[0], other), incident(STORY[0], other)))


def test_an_extra_alert_in_the_incident_fails() -> None:
    extra = alert("x", "people.crowd")
    found = judged(played(*STORY, extra), incident(*STORY, extra))
    assert failed(found) == [ONE]
    assert "people.crowd" in str(found[ONE].detail.args["which"])


def test_an_extra_alert_elsewhere_does_not_matter() -> None:
    extra = alert("x", "people.crowd", incident="other")
    assert failed(judged(played(*STORY, extra), incident(*STORY), incident(extra, id="other", combined=False))) == []


def test_alerts_spread_over_two_incidents_fail() -> None:
    split = alert("b", "door.forced", incident="j")
    assert failed(judged(played(STORY[0], split), incident(STORY[0]), incident(split, id="j"))) == [ONE]


def test_a_second_combined_incident_fails() -> None:
    other = alert("x", "people.crowd", incident="j")
    assert failed(judged(played(*STORY, other), incident(*STORY), incident(other, id="j"))) == [ONE]


def test_an_alert_in_no_incident_fails() -> None:
    left = alert("b", "door.forced", incident=None)
    assert failed(judged(played(STORY[0], left), incident(STORY[0]))) == [ONE]


def test_an_incident_of_one_world_fails() -> None:
    assert failed(judged(played(*STORY), incident(*STORY, combined=False))) == [ONE]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("Forecast with times", {"forecast": None}),
        ("Forecast with times", {"forecast": SeenForecast((SeenGroup("it", (SeenEffect("server", "down", 0.5),)),))}),
        ("Ranked plan with its cost on care", {"plan": None}),
        ("Ranked plan with its cost on care", {"plan": SeenPlan("p", PLAN.actions[:1])}),
        ("Ranked plan with its cost on care", {"plan": SeenPlan("p", (SILENT, *PLAN.actions[1:]))}),
        ("Acknowledged on the page", {"guard": ""}),
        ("Acknowledged on the page", {"guard": "Somebody else"}),
    ],
)  # fmt: skip
def test_what_is_not_there_fails(name: str, more: dict[str, object]) -> None:
    assert failed(judged(played(*STORY), incident(*STORY), **more)) == [name]


def test_what_was_there_before_says_nothing() -> None:
    progress = played(*STORY, known=frozenset({"a"}))
    assert progress.story() == {"b"}
    assert [one.rule for one in progress.missing(0)] == ["mail.phishing"]


def test_an_alert_before_its_step_is_not_the_steps() -> None:
    progress = Progress(scenario(), frozenset())
    progress.begin(0)
    progress.see([STORY[1]], 1.0)
    assert progress.story() == frozenset()


def test_a_repeat_belongs_to_its_step() -> None:
    again = alert("c", "door.forced")
    assert failed(judged(played(*STORY, again), incident(*STORY, again))) == []


def test_latency_counts_from_the_last_input_before_the_alert() -> None:
    progress = Progress(scenario(), frozenset())
    progress.begin(0)
    progress.taken(0, 1.0)
    progress.taken(0, 3.0)
    progress.see([STORY[0]], 4.5)
    told = run_step(0, progress.scenario.steps[0], progress, over=False, told=())
    assert (told.latency, told.ok, told.alert) == (1.5, True, "a")


def test_an_open_step_is_neither_good_nor_bad_until_it_is_over() -> None:
    progress = Progress(scenario(), frozenset())
    step = progress.scenario.steps[0]
    assert run_step(0, step, progress, over=False, told=()).ok is None
    assert run_step(0, step, progress, over=True, told=()).ok is False


def test_a_quiet_day_fails_with_any_incident() -> None:
    progress = Progress(scenario("none"), frozenset())
    assert [one.ok for one in checks(progress.scenario, progress, Situation(()))] == [True]
    assert [one.ok for one in checks(progress.scenario, progress, Situation((incident(),)))] == [False]


def test_fits_needs_rule_things_and_places() -> None:
    assert fits(Expect("r", 1.0, ("door",), ("zone",)), alert("a", "r"))
    assert not fits(Expect("r", 1.0, ("door", "other")), alert("a", "r"))
    assert not fits(Expect("r", 1.0, (), ("elsewhere",)), alert("a", "r"))
    assert not fits(Expect("s", 1.0), alert("a", "r"))


def test_the_report_is_told_line_by_line() -> None:
    progress = played(*STORY)
    steps = tuple(
        run_step(n, one, progress, over=True, told=("guard",)) for n, one in enumerate(progress.scenario.steps)
    )
    run = ScenarioRun("theft", "passed", AT, steps, tuple(judged(progress, incident(*STORY)).values()))

    def render(text: Text) -> str:
        return text.key

    told = list(lines(run, render))
    assert told[-1] == "The scenario has passed."
    assert sum(line.startswith("[ok]") for line in told) == 8
