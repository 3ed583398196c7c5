"""A run as it is told: to the console as a file that grows, to a person as a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from safecare.model.text import Text, say


class RunStep(msgspec.Struct, frozen=True):
    """One step of a run: what was put in, what had to follow, what did."""

    step: int
    title: Text
    input: Text
    expected: Text
    alert: str | None = None
    """Id of the first alert that it had to raise."""
    latency: float | None = None
    """Seconds from input to alert; of several the longest."""
    ok: bool | None = None
    """None while it is still open."""
    told: tuple[str, ...] = ()
    """Who was told what, in words."""


class RunCheck(msgspec.Struct, frozen=True):
    """One check over the whole run."""

    name: Text
    ok: bool
    detail: Text


class ScenarioRun(msgspec.Struct, frozen=True):
    """A run and how far it is."""

    name: str
    state: str
    """``running``, ``passed`` or ``failed``."""
    started: datetime
    steps: tuple[RunStep, ...]
    checks: tuple[RunCheck, ...]


RUNS = "runs"
"""Folder of the reports within a platform's data folder, one a run, called by an id that grows with time."""


def write(path: Path, run: ScenarioRun) -> None:
    """Store `run`; a reader sees the old or the new one, never half of it. Raises `OSError`."""
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(msgspec.json.encode(run))
    fresh.replace(path)


def lines(run: ScenarioRun, render: Callable[[Text], str]) -> Iterable[str]:
    """Yield the run as lines of plain text; `render` puts a sentence into the reader's language."""
    for step in run.steps:
        yield f"{_mark(step.ok)} {step.step}. {render(step.title)}"
        yield f"      {render(say('in: {what}', what=step.input))}"
        yield f"      {render(say('expected: {what}', what=step.expected))}"
        if step.latency is not None:
            alert = step.alert or ""
            yield f"      {render(say('alert {alert} after {seconds} s', alert=alert, seconds=round(step.latency, 1)))}"
        for told in step.told:
            yield f"      {render(say('told: {what}', what=told))}"
    for check in run.checks:
        yield f"{_mark(check.ok)} {render(check.name)}: {render(check.detail)}"
    yield render(say("The scenario has passed.") if run.state == "passed" else say("The scenario has failed."))


def listed(texts: Iterable[Text]) -> Text:
    """Return one sentence that holds all `texts`."""
    whole: Text | None = None
    for one in texts:
        whole = one if whole is None else say("{first}; {second}", first=whole, second=one)
    return whole or say("nothing")


def _mark(ok: bool | None) -> str:  # noqa: FBT001 - three states
    return {True: "[ok]  ", False: "[FAIL]", None: "[ .. ]"}[ok]
