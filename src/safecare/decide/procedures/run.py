"""Where a run of a playbook stands: told from the playbook and the log of what people did, and from nothing else.

There is no hidden state: the same playbook and log give the same open steps, after a crash or on another machine. Steps
of people never time out into failure (a clinical approval can take hours). Branches of ``parallel``, ``if``, ``while``
and ``switch`` run to an ``end`` step and then go on after it (CACAO 2.0, clauses 4.5 to 4.9).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from safecare.formats.cacao import Cacao, Step

MOST_ROUNDS = 200
"""Rounds of one while-condition before the run asks no more. Chosen: hourly checks for a week."""
MOST_DEPTH = 16
"""Playbooks and branches inside each other from where a further playbook is left to people as one step. Chosen: deeper
ones can't be followed, and a playbook may name itself."""
_ATOM = re.compile(
    r"\s*\[?\s*'?\$?(?P<name>__\w+__)\$?(?::value)?'?\s*(?P<sign>!=|<=|>=|=|<|>)\s*'?(?P<value>[^'\]]*?)'?\s*\]?\s*"
)

Outcome = Literal["success", "failure", "skipped"]


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person did with one occurrence of a step. `answer`: yes or no, where the step was a question."""

    key: str
    outcome: Outcome
    actor: str
    at: datetime
    answer: str = ""


@dataclass(frozen=True)
class Open:
    """A step that waits for a person. `key` tells occurrences apart; `question`: it wants yes or no."""

    key: str
    step: Step
    agent: str
    question: bool


@dataclass
class _Walk:
    log: Mapping[str, Done]
    library: Callable[[str], Cacao | None]
    values: dict[str, str]
    open: list[Open] = field(default_factory=list)


@dataclass(frozen=True)
class Standing:
    """Open steps, and whether the run is over."""

    open: tuple[Open, ...]
    finished: bool


def standing(book: Cacao, log: Mapping[str, Done], library: Callable[[str], Cacao | None]) -> Standing:
    """Tell where a run of `book` stands. `log` by key; `library` finds playbooks that are run within this one."""
    values = {name: str(one.value) for name, one in book.playbook_variables.items() if one.value is not None}
    walk = _Walk(log, library, values)
    finished = _follow(book, book.workflow_start, "", walk, 0)
    return Standing(tuple(walk.open), finished)


def _follow(book: Cacao, id: str, path: str, walk: _Walk, depth: int) -> bool:
    """Walk from step `id` to an end; False where somebody must act first. Steps can't form circles (checked)."""
    while id:
        step = book.workflow[id]
        if step.type == "end":
            return True
        following = _pass(book, id, step, path, walk, depth)
        if following is None:
            return False
        id = following
    return True


def _pass(book: Cacao, id: str, step: Step, path: str, walk: _Walk, depth: int) -> str | None:
    """Return the step after `step` (empty: the branch ends), or None where somebody must act first."""
    key = f"{path}{id}"
    match step.type:
        case "start" | "end":
            return step.on_completion
        case "parallel":
            # Every branch is walked, so that all that is open shows.
            ends = [_branch(book, one, f"{key}/{n}/", walk, depth) for n, one in enumerate(step.next_steps)]
            return step.on_completion if all(ends) else None
        case "if-condition":
            holds = _holds(step.condition, walk.values)
            if holds is None:
                return _asked(book, key, step, path, walk, depth)
            chosen = step.on_true if holds else step.on_false
            return step.on_completion if not chosen or _branch(book, chosen, f"{key}/", walk, depth) else None
        case "while-condition":
            return _rounds(book, key, step, walk, depth)
        case "switch-condition":
            name = step.switch.strip("$'").removesuffix(":value")
            chosen = step.cases.get(walk.values.get(name, ""), step.cases.get("default", ""))
            return step.on_completion if not chosen or _branch(book, chosen, f"{key}/", walk, depth) else None
        case "playbook-action":
            inner = walk.library(step.playbook_id) if depth < MOST_DEPTH else None
            if inner is not None:
                return step.on_completion if _branch(inner, inner.workflow_start, f"{key}/", walk, depth) else None
            return _done_by_person(book, key, step, walk)
        case "action":
            return _done_by_person(book, key, step, walk)


def _branch(book: Cacao, id: str, path: str, walk: _Walk, depth: int) -> bool:
    return _follow(book, id, path, walk, depth + 1)


def _rounds(book: Cacao, key: str, step: Step, walk: _Walk, depth: int) -> str | None:
    for number in range(MOST_ROUNDS):
        if not _holds(step.condition, walk.values):
            break
        if not _branch(book, step.on_true, f"{key}/{number}/", walk, depth):
            return None
    return step.on_completion


def _done_by_person(book: Cacao, key: str, step: Step, walk: _Walk) -> str | None:
    done = walk.log.get(key)
    agent = book.agent_definitions.get(step.agent)
    if done is None:
        walk.open.append(Open(key, step, agent.name if agent else "", bool(step.out_args)))
        return None
    walk.values.update(dict.fromkeys(step.out_args, done.answer))
    if done.outcome == "failure":
        return step.on_failure or step.on_completion
    return step.on_success or step.on_completion


def _asked(book: Cacao, key: str, step: Step, path: str, walk: _Walk, depth: int) -> str | None:
    """Turn a condition that can't be computed into a question to a person."""
    done = walk.log.get(key)
    if done is None:
        walk.open.append(Open(key, step, "", question=True))
        return None
    chosen = step.on_true if done.answer == "yes" else step.on_false
    return step.on_completion if not chosen or _branch(book, chosen, f"{path}{key}/", walk, depth) else None


def _holds(condition: str, values: Mapping[str, str]) -> bool | None:
    """Compute a condition: comparisons of variables joined by AND and OR; None where it is of another form."""
    answers: list[bool] = []
    for part in re.split(r"\s+OR\s+", condition):
        each: list[bool] = []
        for atom in re.split(r"\s+AND\s+", part):
            found = _ATOM.fullmatch(atom)
            if found is None:
                return None
            each.append(_compare(values.get(found["name"], ""), found["sign"], found["value"]))
        answers.append(all(each))
    return any(answers)


def _compare(left: str, sign: str, right: str) -> bool:
    if sign in {"=", "!="}:
        return (left == right) == (sign == "=")
    try:
        a, b = float(left), float(right)
    except ValueError:
        return False
    return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[sign]
