"""Scenarios: what can be played, playing it, and how far it is."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import BusyError, ConsoleDeps, KnownRun
from safecare.console.web import ProblemError, answer, not_found, visitor_of, words_of
from safecare.console.wire.runs import RunCheckView, RunHead, RunStarted, RunStepView, RunView, ScenarioView
from safecare.console.words import Words
from safecare.model.text import say
from safecare.scenarios.report import RunStep, ScenarioRun


def run_view(run: ScenarioRun, words: Words) -> RunView:
    """Return a run in the reader's language."""
    return RunView(
        run.name,
        run.state,
        run.started,
        [_step(step, words) for step in run.steps],
        [RunCheckView(words.say(one.name), one.ok, words.say(one.detail)) for one in run.checks],
    )


def _step(step: RunStep, words: Words) -> RunStepView:
    return RunStepView(
        step=step.step,
        title=words.say(step.title),
        input=words.say(step.input),
        expected=words.say(step.expected),
        alert=step.alert,
        latency=step.latency,
        ok=step.ok,
        told=list(step.told),
    )


def run_head(known: KnownRun, title: str, words: Words) -> RunHead:
    """Return a run as one line."""
    run = known.run
    missed = [step.title for step in run.steps if step.ok is False] + [one.name for one in run.checks if not one.ok]
    return RunHead(
        id=known.id,
        name=run.name,
        title=title,
        state=run.state,
        started=run.started,
        steps=len(run.steps),
        as_expected=sum(step.ok is True for step in run.steps),
        slowest=max((step.latency for step in run.steps if step.latency is not None), default=None),
        missed=words.all(missed),
    )


def routes(app: FastAPI, deps: ConsoleDeps) -> None:
    """Add the routes of scenarios."""

    @app.get("/api/scenarios", name="scenarios")
    async def scenarios(request: Request) -> Response:
        words = words_of(request)
        found = await asyncio.to_thread(deps.scenarios.scenarios)
        return answer(
            [
                ScenarioView(one.name, words.say(one.title), words.say(one.description), one.steps, one.quiet)
                for one in found
            ]
        )

    @app.post("/api/scenarios/{name}/run", name="run_scenario")
    async def run_scenario(request: Request, name: str) -> Response:
        try:
            run = await asyncio.to_thread(deps.scenarios.start, name, visitor_of(request).user)
        except KeyError:
            raise not_found() from None
        except BusyError as busy:
            raise ProblemError(409, say("A scenario is running already.")) from busy
        return answer(RunStarted(run), 202)

    @app.get("/api/scenarios/runs", name="scenario_runs")
    async def scenario_runs(request: Request) -> Response:
        words = words_of(request)
        titles = {one.name: words.say(one.title) for one in await asyncio.to_thread(deps.scenarios.scenarios)}
        runs = await asyncio.to_thread(deps.scenarios.runs)
        return answer([run_head(one, titles.get(one.run.name, one.run.name), words) for one in runs])

    @app.get("/api/scenarios/runs/{run}", name="scenario_run")
    async def scenario_run(request: Request, run: str) -> Response:
        found = await asyncio.to_thread(deps.scenarios.run, run)
        if found is None:
            raise not_found()
        return answer(run_view(found, words_of(request)))
