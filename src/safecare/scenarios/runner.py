"""Plays a scenario against a running platform, through its doors alone, and scores what comes of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from safecare.model.clock import Clock
from safecare.model.event import Event
from safecare.model.events.acts import ExerciseSet
from safecare.model.hospital import Hospital
from safecare.model.layout import laid_out
from safecare.model.text import Span, Text, say
from safecare.scenarios import browser, report
from safecare.scenarios.answers import SeenIncident, SeenNotice
from safecare.scenarios.exercise import marked
from safecare.scenarios.field import Field
from safecare.scenarios.report import RunCheck, ScenarioRun
from safecare.scenarios.scoring import Progress, Situation, checks, run_step
from safecare.scenarios.script import Scenario, load, scenario_files
from safecare.scenarios.talk import PlatformError, Talk
from safecare.scenarios.world import World

LOOK = 0.25
"""Seconds between two looks at the platform: the resolution of the latencies that are told (chosen)."""
DOORS = 60.0
"""Seconds in which all doors must work before the first step; the Modbus door tries again every 30 s at the latest."""
SETTLE = 45.0
"""Longest time (seconds) that forecast, plan and notice may take after the last alert (chosen: a loaded machine)."""
PAGE = "page"
"""The channel of the console's own page."""
PERSON = 180.0
"""Seconds that a person has to acknowledge (chosen: the demo's guards have two minutes until the next is told)."""
LINGER = 20.0
"""Seconds for which a person who acknowledged stays signed in (chosen: to see on the page that it was taken)."""
READS = 2
"""Polls after which a device's last values are surely told."""

Acknowledge = Literal["auto", "browser", "person"]


class Play(msgspec.Struct, frozen=True):
    """How often a scenario was played on a platform, and when it was begun last."""

    count: int = 0
    last: datetime | None = None


class Plays(msgspec.Struct):
    """All plays over one data folder."""

    by_name: dict[str, Play] = {}


@dataclass
class Runner:
    """Plays one scenario once. `tell` is told what goes on, in sentences."""

    data: Path
    hospital: Hospital
    clock: Clock
    tell: Callable[[Text], None]
    report: Path
    """File that is written anew while the run goes on."""
    acknowledge: Acknowledge = "auto"
    actor: str = "local"
    keep: bool = False
    field_up: Field | None = None
    """Simulated devices that run already; otherwise the run starts its own."""
    _told_steps: dict[str, int] = field(default_factory=dict, init=False)

    def run(self, name: str) -> ScenarioRun:
        """Play the scenario called `name`. Raises `KeyError`, `PlatformError`, `InputError`."""
        path = next((one for one in scenario_files() if load(one).name == name), None)
        if path is None:
            raise KeyError(name)
        self._talk = Talk(self.data)
        plays = self._plays()
        before = plays.by_name.get(name, Play())
        scenario = load(path, before.count)
        self._let_pass(scenario, before)
        with self._devices() as devices, marked(self.data, name, self.clock.now()):
            plays.by_name[name] = Play(before.count + 1, self.clock.now())
            (self.data / "scenarios.json").write_bytes(msgspec.json.encode(plays))
            self._set_exercise(name, running=True)
            base = int(self.clock.now().timestamp()) % 1_000_000
            world = World(self._talk.runtime.doors, self.hospital, self.clock, devices, base)
            try:
                return self._play(scenario, world)
            finally:
                world.close()
                self._set_exercise(name, running=False)

    def _play(self, scenario: Scenario, world: World) -> ScenarioRun:
        self._scenario = scenario
        self._world = world
        for step in scenario.steps:
            for one in step.inputs:
                one.prepare(world)
        for one in (*scenario.noise, *scenario.after):
            one.prepare(world)
        self._started = self.clock.now()
        self._wait_for_doors()
        self._open = frozenset(one.id for one in self._talk.board().incidents)
        self._progress = Progress(scenario, frozenset(one.id for one in self._talk.alerts()))
        self._write((), over=False)
        try:
            self._steps(scenario, world)
            situation = self._end(scenario)
        finally:
            self._put_back(scenario, world)
        run = self._write(tuple(checks(scenario, self._progress, situation)), over=True)
        if not self.keep:
            for incident in situation.incidents:
                if incident.into is None and incident.state != "closed":
                    self._talk.close(incident.id, f"exercise {scenario.name}")
        return run

    def _steps(self, scenario: Scenario, world: World) -> None:
        noise = iter(scenario.noise)
        for number, step in enumerate(scenario.steps):
            self.tell(say("Step {number}: {title}", number=number + 1, title=Text(step.title)))
            self._progress.begin(number)
            for one in step.inputs:
                one.play(world)
                self._progress.taken(number, time.monotonic())
                self._look()
            for other in (one for one in [next(noise, None)] if one is not None):
                other.play(world)
            if step.wait:
                self._wait(lambda number=number: not self._progress.missing(number), self._left(number))  # type: ignore[misc]
        for number in range(len(scenario.steps)):
            self._wait(lambda number=number: not self._progress.missing(number), self._left(number))  # type: ignore[misc]

    def _left(self, step: int) -> float:
        return self._progress.deadline(step) - time.monotonic()

    def _look(self) -> bool:
        """Look at the alerts once; return whether there is a new one."""
        news = self._progress.see(self._talk.alerts(), time.monotonic())
        if news:
            self._write((), over=False)
        return news

    def _wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look until `condition` holds; return whether it does before `seconds` are over."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= end:
                return False
            self._world.wait(LOOK)
            self._look()
        return True

    def _end(self, scenario: Scenario) -> Situation:
        """Wait until nothing new comes and everything has followed; have the notice acknowledged."""
        last = time.monotonic()
        while time.monotonic() - last < scenario.checks.quiet_after:
            self._world.wait(LOOK)
            if self._look():
                last = time.monotonic()
        self._wait(self._caught_up, SETTLE)
        if scenario.quiet:
            return Situation(self._incidents())
        wanted = scenario.checks.notice
        guard, failed = "", ""
        if wanted and wanted.acknowledged:
            guard, failed = self._acknowledge(wanted.role)
        incident = self._story()
        return Situation(
            self._incidents(),
            self._talk.forecast(incident.id) if incident else None,
            self._talk.plan(incident.id) if incident else None,
            guard,
            failed,
        )

    def _caught_up(self) -> bool:
        return all(stage.lag == 0 for stage in self._talk.health().stages)

    def _story(self) -> SeenIncident | None:
        """Return the incident of the steps' alerts; of several the one with most alerts."""
        found = [self._talk.incident(id) for id in sorted(self._progress.incidents())]
        return max(found, key=lambda one: len(one.alerts), default=None)

    def _incidents(self) -> tuple[SeenIncident, ...]:
        """Return the incidents of this run that were not taken in by another one."""
        ids = {one.id for one in self._talk.board().incidents} - self._open
        ids |= {one.incident for one in self._progress.fresh.values() if one.incident}
        return tuple(one for one in map(self._talk.incident, sorted(ids)) if one.into is None)

    def _acknowledge(self, role: str) -> tuple[str, str]:
        """Have the notice acknowledged; return the name that did it and, if it failed, why."""
        if not self._wait(lambda: self._notice(role) is not None, SETTLE):
            return "", "nobody was told"
        notice = self._notice(role)
        program = browser.browser() if self.acknowledge != "person" else None
        if notice is None or (program is None and self.acknowledge == "browser"):
            return "", "Chromium or the library Playwright is not installed"
        name = f"Exercise {self.clock.now():%H:%M:%S}"
        invited = self._talk.invite(role, name)
        try:
            failed = self._acknowledged(invited.url, role, name, notice, program)
            if program is None and not failed:
                self.tell(say("Acknowledged. The session of that link ends in {time}.", time=Span(LINGER)))
                self._wait(lambda: False, LINGER)
            return name, failed
        finally:
            self._talk.revoke(invited.user)  # nobody stays a user because of an exercise

    def _acknowledged(self, link: str, role: str, name: str, notice: SeenNotice, program: str | None) -> str:
        """Have `name` acknowledge `notice`; return why that failed, empty if it was done."""
        if program is None:
            self.tell(say("Acknowledge the notice on the page, within {time}: {link}", time=Span(PERSON), link=link))
        else:
            try:
                browser.acknowledge(program, link, notice.id)
            except browser.BrowserError as error:
                return str(error)
        done = self._wait(lambda: self._answered(role, name), PERSON if program is None else SETTLE)
        return "" if done else "no receipt came"

    def _notice(self, role: str) -> SeenNotice | None:
        """Return the notice that `role` was given: that of the page first, whose card stands for other channels too."""
        incident = self._story()
        given = [one for one in incident.notices if one.role == role] if incident else []
        return min(given, key=lambda one: one.channel != PAGE, default=None)

    def _answered(self, role: str, name: str) -> bool:
        incident = self._story()
        receipts = (
            (notice.role, receipt.outcome, receipt.who)
            for notice in (incident.notices if incident else ())
            for receipt in notice.receipts
        )
        return (role, "acknowledged", name) in receipts

    def _write(self, done: tuple[RunCheck, ...], *, over: bool) -> ScenarioRun:
        told = self._told()
        steps = tuple(
            run_step(number, step, self._progress, over=over, told=told.get(number, ()))
            for number, step in enumerate(self._scenario.steps)
        )
        good = all(one.ok for one in done) and all(one.ok is not False for one in steps)
        state = "running" if not over else "passed" if good else "failed"
        run = ScenarioRun(self._scenario.name, state, self._started, steps, done)
        report.write(self.report, run)
        return run

    def _told(self) -> dict[int, list[str]]:
        """Return who was told what, by the step that had been played before."""
        incident = self._story()
        found: dict[int, list[str]] = {}
        for notice in incident.notices if incident else ():
            step = self._told_steps.setdefault(notice.id, max(self._progress.sent, default=0))
            outcomes = ", ".join(dict.fromkeys(one.outcome for one in notice.receipts))
            found.setdefault(step, []).append(f"{notice.role} ({notice.channel}): {notice.title} [{outcomes}]")
        return found

    def _put_back(self, scenario: Scenario, world: World) -> None:
        """Undo what the steps did to devices and doors, and let the platform read it."""
        touched = {asset.id for asset in self.hospital.assets if "modbus" in asset.addresses and asset.points}
        for one in scenario.after:
            one.play(world)
        before = {asset: world.devices.reads(asset) for asset in touched}
        if scenario.after:
            self._wait(lambda: all(world.devices.reads(one) >= before[one] + READS for one in touched), DOORS)

    def _wait_for_doors(self) -> None:
        """Wait until every door works. Raises `PlatformError`."""

        def idle() -> list[str]:
            return [
                f"{one.door}: {one.detail or one.state}"
                for one in self._talk.health().sources
                if one.state not in {"ok", "off"}  # what a site has not set up is no fault
            ]

        end = time.monotonic() + DOORS
        while waiting := idle():
            if time.monotonic() > end:
                raise PlatformError(f"these doors do not work: {'; '.join(waiting)}")
            self._world.wait(LOOK)

    def _let_pass(self, scenario: Scenario, before: Play) -> None:
        """Wait until the last play is long enough ago: rules that tell a thing once would be silent."""
        if before.last is None:
            return
        left = scenario.apart - (self.clock.now() - before.last).total_seconds()
        if left > 0:
            self.tell(say("The last play is too recent: waiting for {time}.", time=Span(left)))
            time.sleep(left)

    def _plays(self) -> Plays:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode((self.data / "scenarios.json").read_bytes(), type=laid_out(Plays))
        return Plays()

    @contextlib.contextmanager
    def _devices(self) -> Iterator[Field]:
        if self.field_up is not None:
            yield self.field_up
            return
        moved: dict[str, str] = {}
        for door in self._talk.runtime.doors.values():
            if door.source == "modbus":
                moved |= door.settings.get("moved", {})
        devices = Field(self.hospital, moved)
        devices.start()
        try:
            yield devices
        finally:
            devices.stop()

    def _set_exercise(self, name: str, *, running: bool) -> None:
        """Put start and end of the exercise on record."""
        now = self.clock.now()
        site = self.hospital.sites[0].id
        self._talk.tell(
            ExerciseSet(
                id=Event.id_for(now, "scenario", f"{name} {running}"),
                at=now,
                seen=now,
                source="scenario",
                site=site,
                actor=self.actor,
                role="admin",
                scenario=name,
                running=running,
            )
        )
