"""OASIS CACAO Security Playbooks 2.0 as structures: read, checked whole, and written.

The subset: steps ``start``, ``end``, ``action``, ``playbook-action``, ``parallel``, ``if-condition``,
``while-condition`` and ``switch-condition``; commands of any type are kept, and only ``manual`` ones are carried out
(by people). What isn't used here and not kept (signatures, markings, authentication, properties of later versions) is
named as a warning, each with its place. All faults of a file are gathered.

Source: CACAO Security Playbooks Version 2.0, Committee Specification 01 (2023-11-27), clauses 3 to 5.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Literal

import msgspec

from safecare.model.layout import laid_out
from safecare.model.text import Text, say

MOST_BYTES = 4_000_000
"""Largest file read (bytes). Chosen: a playbook of 1,000 steps is half a megabyte."""
MOST_STEPS = 5_000
"""Most steps of one playbook. Chosen: far beyond what people can follow."""
MOST_LOST = 100
"""Most properties named that are not kept. Chosen: some screenfuls."""
DEEPEST = 8
"""Deepest place of a property that this module knows by name; what lies deeper is kept as it is."""
MOST_NESTING = 40
"""Most branches inside each other. Chosen: people can't follow deeper ones, and a run walks them recursively."""

Kind = Literal[
    "start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition"
]
_ID = re.compile(r"[a-z][a-z0-9-]*--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "start": ("on_completion",),
    "playbook-action": ("playbook_id",),
    "parallel": ("next_steps",),
    "if-condition": ("condition", "on_true"),
    "while-condition": ("condition", "on_true"),
    "switch-condition": ("switch", "cases"),
}
"""Properties that a step of the kind can't do without (clause 4)."""


_BRANCHES = frozenset({"next_steps", "on_true", "on_false", "cases"})
"""Properties that lead into a branch, which ends before its step goes on."""


class CacaoError(ValueError):
    """A file is no playbook at all; the message names the reason."""


class Fault(msgspec.Struct, frozen=True):
    """Something wrong in a playbook. `place` is the path of properties, joined by dots."""

    place: str
    reason: Text
    level: Literal["error", "warning"] = "error"


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """One command of an action step (clause 5)."""

    type: str
    command: str = ""
    command_b64: str = ""
    description: str = ""
    version: str = ""
    playbook_activity: str = ""
    headers: dict[str, Any] = {}
    content: str = ""
    content_b64: str = ""
    external_references: tuple[dict[str, Any], ...] = ()

    @property
    def text(self) -> str:
        """What is to be done, as a person can read it."""
        if self.command or not self.command_b64:
            return self.command or self.description
        try:
            return b64decode(self.command_b64, validate=True).decode()
        except ValueError:
            return self.command_b64


class Variable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A playbook variable (clause 10.18)."""

    type: str = "string"
    description: str = ""
    value: Any = None
    constant: bool = False
    external: bool = False


class Agent(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who carries a step out (clause 7)."""

    type: str
    name: str = ""
    description: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One workflow step; what a kind doesn't use is empty."""

    type: Kind
    name: str = ""
    description: str = ""
    delay: int = 0
    """Milliseconds before it begins."""
    timeout: int = 0
    """Milliseconds for which it may run; kept, and never taken for a failure: people decide (see module `run`)."""
    on_completion: str = ""
    on_success: str = ""
    on_failure: str = ""
    commands: tuple[Command, ...] = ()
    agent: str = ""
    owner: str = ""
    targets: tuple[str, ...] = ()
    step_variables: dict[str, Variable] = {}
    external_references: tuple[dict[str, Any], ...] = ()
    in_args: tuple[str, ...] = ()
    out_args: tuple[str, ...] = ()
    playbook_id: str = ""
    next_steps: tuple[str, ...] = ()
    condition: str = ""
    on_true: str = ""
    on_false: str = ""
    switch: str = ""
    cases: dict[str, str] = {}

    def leads_to(self) -> Iterator[tuple[str, str]]:
        """Yield property and id of every step that may follow."""
        for name in ("on_completion", "on_success", "on_failure", "on_true", "on_false"):
            if getattr(self, name):
                yield name, getattr(self, name)
        yield from (("next_steps", one) for one in self.next_steps)
        yield from (("cases", one) for one in self.cases.values())


class Cacao(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One playbook. Times are kept as written (RFC 3339)."""

    type: Literal["playbook"]
    spec_version: Literal["cacao-2.0"]
    id: str
    name: str
    description: str = ""
    playbook_types: tuple[str, ...] = ()
    created_by: str = ""
    created: str = ""
    modified: str = ""
    labels: tuple[str, ...] = ()
    revoked: bool = False
    valid_from: str = ""
    valid_until: str = ""
    derived_from: tuple[str, ...] = ()
    related_to: tuple[str, ...] = ()
    priority: int | None = None
    severity: int | None = None
    impact: int | None = None
    industry_sectors: tuple[str, ...] = ()
    playbook_activities: tuple[str, ...] = ()
    playbook_extensions: dict[str, Any] = {}
    extension_definitions: dict[str, Any] = {}
    target_definitions: dict[str, Any] = {}
    external_references: tuple[dict[str, Any], ...] = ()
    playbook_variables: dict[str, Variable] = {}
    workflow_start: str
    workflow_exception: str = ""
    workflow: dict[str, Step]
    agent_definitions: dict[str, Agent] = {}


def read_cacao(raw: bytes) -> tuple[Cacao | None, list[Fault]]:
    """Return the playbook in `raw` (JSON), None where it can't be run, and all its faults. Raises `CacaoError`."""
    if len(raw) > MOST_BYTES:
        raise CacaoError(f"larger than {MOST_BYTES} bytes")
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CacaoError(f"not JSON: {error}") from error
    if not isinstance(value, dict) or value.get("type") != "playbook":
        raise CacaoError("not a playbook: its type is not 'playbook'")
    faults: list[Fault] = []
    book = _converted(value, faults)
    if book is not None:
        lost = islice(_lost(value, msgspec.to_builtins(book), ""), MOST_LOST)
        faults += [Fault(place, say("{name} is not used here, and not kept", name=place), "warning") for place in lost]
        faults += check(book)
    return (book if all(one.level != "error" for one in faults) else None), faults


def _lost(given: object, kept: object, place: str, depth: int = 0) -> Iterator[str]:
    """Yield the places of what stands in `given` and says something, and does not stand in `kept`."""
    if depth > DEEPEST:
        return
    if isinstance(given, dict) and isinstance(kept, dict):
        for name, value in given.items():
            at = f"{place}.{name}"[-300:].removeprefix(".")
            if name in kept:
                yield from _lost(value, kept[name], at, depth + 1)
            elif value not in (None, False, 0, "", [], {}):
                yield at
    elif isinstance(given, list) and isinstance(kept, list | tuple):
        for number, pair in enumerate(zip(given, kept, strict=False)):
            yield from _lost(*pair, f"{place}[{number}]", depth + 1)


def _converted(value: dict[str, Any], faults: list[Fault]) -> Cacao | None:
    """Convert step by step, so that every bad step is named and not only the first one."""
    workflow = value.get("workflow")
    if not isinstance(workflow, dict):
        faults.append(Fault("workflow", say("The workflow is missing")))
        return None
    if len(workflow) > MOST_STEPS:
        faults.append(Fault("workflow", say("More than {most} steps", most=MOST_STEPS)))
        return None
    steps: dict[str, Step] = {}
    for id, given in workflow.items():
        try:
            steps[id] = msgspec.convert(given, laid_out(Step))
        except msgspec.ValidationError as error:
            faults.append(Fault(f"workflow.{id}", say("Not a step that is known here: {reason}", reason=str(error))))
    try:
        book = msgspec.convert({**value, "workflow": {}}, laid_out(Cacao))
    except msgspec.ValidationError as error:
        faults.append(Fault("", say("Not a playbook that is known here: {reason}", reason=str(error))))
        return None
    return msgspec.structs.replace(book, workflow=steps)


def check(book: Cacao) -> Iterator[Fault]:
    """Yield what is wrong in `book`: ids, missing properties, steps that lead nowhere or round in circles."""
    for place, id in (("id", book.id), *((f"workflow.{id}", id) for id in book.workflow)):
        if not _ID.fullmatch(id):
            yield Fault(place, say("{id} is not a CACAO identifier (type--UUID)", id=id[:80]))
    start = book.workflow.get(book.workflow_start)
    if start is None or start.type != "start":
        yield Fault("workflow_start", say("It names no start step"))
    for id, step in book.workflow.items():
        yield from _check_step(f"workflow.{id}", step, book)
    circle, nesting = _shape(book)
    if circle:
        yield Fault(f"workflow.{circle}", say("The steps lead round in a circle without a while-condition"))
    elif nesting > MOST_NESTING:
        yield Fault("workflow", say("More than {most} branches inside each other", most=MOST_NESTING))


def _check_step(place: str, step: Step, book: Cacao) -> Iterator[Fault]:
    for name in _NEEDS.get(step.type, ()):
        if not getattr(step, name):
            yield Fault(f"{place}.{name}", say("A step of type {type} needs {name}", type=step.type, name=name))
    for name, id in step.leads_to():
        if id not in book.workflow:
            yield Fault(f"{place}.{name}", say("There is no step {id}", id=id[:80]))
    if step.agent and step.agent not in book.agent_definitions:
        yield Fault(f"{place}.agent", say("There is no agent {id}", id=step.agent[:80]), "warning")
    for number, command in enumerate(step.commands):
        if command.type != "manual":
            reason = say("A command of type {type} is shown to a person and never carried out", type=command.type[:40])
            yield Fault(f"{place}.commands[{number}]", reason, "warning")


def _shape(book: Cacao) -> tuple[str, int]:
    """Return a step of a circle (or nothing), and how many branches lie inside each other.

    A while-condition repeats its own branch, which ends in an end step: no property leads back.
    """
    nesting: dict[str, int] = {}
    entered: set[str] = set()
    for root in book.workflow:
        stack = [root]
        while stack:
            id = stack[-1]
            following = [(name, one) for name, one in book.workflow[id].leads_to() if one in book.workflow]
            fresh = [one for _, one in following if one not in nesting]
            if id in nesting or not fresh:
                nesting[id] = max((nesting[one] + (name in _BRANCHES) for name, one in following), default=0)
                entered.discard(id)
                stack.pop()
            elif fresh[0] in entered:
                return fresh[0], 0
            else:
                entered.add(id)
                stack.append(fresh[0])
    return "", max(nesting.values(), default=0)


def write_cacao(book: Cacao) -> bytes:
    """Return `book` as JSON, indented, properties in the order of the specification."""
    return msgspec.json.format(msgspec.json.encode(book), indent=2) + b"\n"
