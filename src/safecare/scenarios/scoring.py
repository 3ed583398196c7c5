"""What a run has shown, and whether it is what the scenario says. Pure: times and answers are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from safecare.model.text import Amount, Span, Text, say
from safecare.scenarios.answers import SeenAlert, SeenForecast, SeenIncident, SeenPlan
from safecare.scenarios.report import RunCheck, RunStep, listed
from safecare.scenarios.script import Checks, Expect, Scenario, Step

NAMES = 12
"""Most rules named in one sentence (chosen: a line)."""
WAIT = "wait"
"""Id of the response that changes nothing: it must always be there to compare with."""


@dataclass
class Found:
    """An alert that was expected: the alerts that fit, first seen when (seconds), after which input (seconds)."""

    step: int
    expect: Expect
    alerts: list[SeenAlert] = field(default_factory=list)
    latency: float | None = None


@dataclass
class Progress:
    """What has been played and seen. All times are seconds of one clock that only grows."""

    scenario: Scenario
    known: frozenset[str]
    """Alerts that were there before the run: they say nothing about it."""
    sent: dict[int, list[float]] = field(default_factory=dict)
    """When the inputs of each step were taken by their doors."""
    fresh: dict[str, SeenAlert] = field(default_factory=dict)
    """All alerts of this run."""

    def __post_init__(self) -> None:
        """List what is expected."""
        steps = enumerate(self.scenario.steps)
        self.found = [Found(number, expect) for number, step in steps for expect in step.expect]

    def begin(self, step: int) -> None:
        """Say that the inputs of `step` begin."""
        self.sent.setdefault(step, [])

    def taken(self, step: int, at: float) -> None:
        """Say that a door has taken an input of `step`."""
        self.sent[step].append(at)

    def see(self, alerts: Iterable[SeenAlert], at: float) -> bool:
        """Take what the platform shows; return whether an alert is new."""
        news = False
        for alert in sorted(alerts, key=lambda one: (one.first, one.id)):
            if alert.id in self.known:
                continue
            if alert.id not in self.fresh:
                news = True
                self._place(alert, at)
            self.fresh[alert.id] = alert
        return news

    def missing(self, step: int) -> list[Expect]:
        """Return what `step` must still raise."""
        return [one.expect for one in self.found if one.step == step and not one.alerts]

    def deadline(self, step: int) -> float:
        """Return until when the alerts of `step` must be there."""
        sent = self.sent.get(step) or [0.0]
        return max(sent) + max((one.within for one in self.missing(step)), default=0.0)

    def late(self, found: Found) -> bool:
        """Tell whether an expected alert came too late or not at all."""
        return found.latency is None or found.latency > found.expect.within

    def story(self) -> frozenset[str]:
        """Return the alerts that the steps raised."""
        return frozenset(alert.id for found in self.found for alert in found.alerts)

    def incidents(self) -> frozenset[str]:
        """Return the incidents that hold alerts of the steps."""
        return frozenset(one for id in self.story() if (one := self.fresh[id].incident) is not None)

    def _place(self, alert: SeenAlert, at: float) -> None:
        fitting = [one for one in self.found if one.step in self.sent and fits(one.expect, alert)]
        open_ = [one for one in fitting if not one.alerts]
        for one in (open_ or fitting)[:1]:
            one.alerts.append(alert)
            if one.latency is None:
                one.latency = at - max((time for time in self.sent[one.step] if time <= at), default=at)


def fits(expect: Expect, alert: SeenAlert) -> bool:
    """Tell whether `alert` is what `expect` means."""
    assets, zones = ({one.id for one in things} for things in (alert.assets, alert.zones))
    return expect.rule == alert.rule and assets.issuperset(expect.assets) and zones.issuperset(expect.zones)


def run_step(number: int, step: Step, progress: Progress, *, over: bool, told: Sequence[str]) -> RunStep:
    """Return `step` as it stands; `over`: nothing more will come."""
    found = [one for one in progress.found if one.step == number]
    ok = None
    if found and all(one.alerts for one in found):
        ok = not any(progress.late(one) for one in found)
    elif over:
        ok = not found and number in progress.sent
    first = next((one.alerts[0].id for one in found if one.alerts), None)
    latency = max((one.latency for one in found if one.latency is not None), default=None)
    return RunStep(
        step=number + 1,
        title=Text(step.title),
        input=listed(one.text() for one in step.inputs),
        expected=listed(_expected(one) for one in step.expect),
        alert=first,
        latency=latency,
        ok=ok,
        told=tuple(told),
    )


def _expected(expect: Expect) -> Text:
    return say("{rule} within {time}", rule=expect.rule, time=Span(expect.within))


class Situation(msgspec.Struct, frozen=True):
    """What the platform shows at the end: incidents of this run, and forecast and plan of the story's one."""

    incidents: tuple[SeenIncident, ...]
    forecast: SeenForecast | None = None
    plan: SeenPlan | None = None
    guard: str = ""
    """Name with which the page was signed in to acknowledge; empty if nobody did."""
    acknowledge_failed: str = ""
    """Why nobody could acknowledge."""


def checks(scenario: Scenario, progress: Progress, now: Situation) -> Iterator[RunCheck]:
    """Yield the checks over the whole run."""
    wanted = scenario.checks
    if scenario.quiet:
        yield _no_incident(progress, now)
        return
    yield _all_alerts(progress)
    incident = _the_incident(progress, now)
    yield _one(progress, now, incident, combined=wanted.incident == "one_combined")
    if wanted.effects or wanted.services:
        yield _forecast(wanted, now.forecast)
    if wanted.plan:
        yield _plan(now.plan)
    if wanted.notice:
        yield _notice(wanted.notice.role, incident)
        if wanted.notice.acknowledged:
            yield _acknowledged(wanted.notice.role, incident, now)


def _no_incident(progress: Progress, now: Situation) -> RunCheck:
    name = say("No incident")
    if now.incidents:
        return RunCheck(
            name,
            ok=False,
            detail=say(
                "{count} were opened: {which}",
                count=len(now.incidents),
                which="; ".join(one.title for one in now.incidents),
            ),
        )
    return RunCheck(name, ok=True, detail=say("none, and {count} alerts below that", count=len(progress.fresh)))


def _all_alerts(progress: Progress) -> RunCheck:
    name = say("Every expected alert in time")
    late = [one for one in progress.found if progress.late(one)]
    if late:
        return RunCheck(
            name,
            ok=False,
            detail=say(
                "missing or late: {which}", which=", ".join(f"{one.expect.rule} ({one.step + 1})" for one in late)
            ),
        )
    return RunCheck(name, ok=True, detail=say("{count} of {count}", count=len(progress.found)))


def _the_incident(progress: Progress, now: Situation) -> SeenIncident | None:
    held = progress.incidents()
    return next((one for one in now.incidents if one.id in held), None)


def _one(progress: Progress, now: Situation, incident: SeenIncident | None, *, combined: bool) -> RunCheck:
    whole = say("One incident with exactly these alerts")
    name = say("One combined incident with exactly these alerts") if combined else whole

    def failed(why: Text) -> RunCheck:
        return RunCheck(name, ok=False, detail=why)

    if incident is None:
        return failed(say("no alert of the steps is in an incident"))
    if (count := len(progress.incidents())) != 1:
        return failed(say("the alerts are spread over {count} incidents", count=count))
    if left_out := progress.story() - incident.alerts:
        return failed(say("not in it: {which}", which=_rules(progress, left_out)))
    if extra := incident.alerts - progress.story():
        rules = {link.alert.id: link.alert for link in incident.links}
        return failed(say("in it, but not of the steps: {which}", which=_named(rules[id] for id in extra)))
    if combined and not incident.combined:
        return failed(say("it is not combined"))
    if others := [one.title for one in now.incidents if one.combined and one.id != incident.id]:
        return failed(say("there is another combined one: {which}", which="; ".join(others)))
    return RunCheck(
        name, ok=True, detail=say("{title}, {count} alerts", title=incident.title, count=len(incident.alerts))
    )


def _forecast(wanted: Checks, forecast: SeenForecast | None) -> RunCheck:
    name = say("Forecast with times")
    if forecast is None:
        return RunCheck(name, ok=False, detail=say("there is none"))
    timed = {one.group: [effect for effect in one.effects if effect.earliest is not None] for one in forecast.groups}
    named = {effect.target for effects in timed.values() for effect in effects}
    missing = [group for group in wanted.effects if not timed.get(group)]
    missing += [service for service in wanted.services if service not in named]
    if missing:
        return RunCheck(name, ok=False, detail=say("it says nothing about {which}", which=", ".join(missing)))
    return RunCheck(
        name,
        ok=True,
        detail=say(
            "{count} effects: {which}",
            count=sum(map(len, timed.values())),
            which=", ".join(f"{group} {len(effects)}" for group, effects in timed.items()),
        ),
    )


def _plan(plan: SeenPlan | None) -> RunCheck:
    name = say("Ranked plan with its cost on care")
    if plan is None:
        return RunCheck(name, ok=False, detail=say("there is none"))
    ranks = [one.rank for one in plan.actions]
    if ranks != sorted(set(ranks)) or len(ranks) < 2:
        return RunCheck(name, ok=False, detail=say("it is not ranked"))
    if all(one.id != WAIT for one in plan.actions):
        return RunCheck(name, ok=False, detail=say("waiting is not among it"))
    if silent := [one.title for one in plan.actions if one.cost is None or not one.cost_text]:
        return RunCheck(name, ok=False, detail=say("no cost on care is told for: {which}", which="; ".join(silent)))
    best = plan.actions[0]
    return RunCheck(
        name,
        ok=True,
        detail=say(
            "{count} responses, first: {title} ({cost})",
            count=len(ranks),
            title=best.title,
            cost=Amount(best.cost or 0.0, "h"),
        ),
    )


def _notice(role: str, incident: SeenIncident | None) -> RunCheck:
    told = [one for one in incident.notices if one.role == role] if incident else []
    name = say("Notice to the role {role}", role=role)
    if not told:
        return RunCheck(name, ok=False, detail=say("nobody was told"))
    return RunCheck(name, ok=True, detail=say("{title} ({channel})", title=told[0].title, channel=told[0].channel))


def _acknowledged(role: str, incident: SeenIncident | None, now: Situation) -> RunCheck:
    name = say("Acknowledged on the page")
    receipts = [
        receipt
        for notice in (incident.notices if incident else ())
        if notice.role == role
        for receipt in notice.receipts
        if receipt.outcome == "acknowledged" and now.guard and receipt.who == now.guard
    ]
    if not receipts:
        return RunCheck(name, ok=False, detail=say("no: {reason}", reason=now.acknowledge_failed or "no receipt"))
    return RunCheck(name, ok=True, detail=say("by {who}", who=receipts[0].who))


def _rules(progress: Progress, ids: Iterable[str]) -> str:
    return _named(progress.fresh[id] for id in ids)


def _named(alerts: Iterable[SeenAlert]) -> str:
    return ", ".join(sorted(f"{one.rule} ({one.title})" for one in alerts)[:NAMES])
