"""Procedures as people write them (YAML), made into CACAO 2.0 workflows.

A file holds ``name``, ``description``, ``when`` (what it is proposed for), ``steps``, and optionally ``frameworks``
(roles and plans of crisis schemes that the site may map it to) and ``techniques`` (D3FEND, ATT&CK). A step is one of::

    - {do: sentence, role: who}
    - {ask: question, role: who, if_yes: [steps], if_no: [steps]}     both may be left out
    - {together: [[steps], [steps]]}                             side by side
    - {until: question, role: who, do: [steps]}                  repeat the steps until the answer is yes
    - {response: name of a file in playbooks/}                   a ranked response of the plan
    - {procedure: name of another procedure}

Identifiers are derived from the file's name and the place of the step: a log of what was done fits the same file.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

import msgspec

from safecare.decide.playbook import Playbook, PlaybookError, named_playbooks
from safecare.formats.cacao import Agent, Cacao, Command, Step, Variable, check
from safecare.model.forecast import State
from safecare.model.layout import laid_out

_SPACE = uuid.UUID("6f0a5f0e-7f0b-5d5a-9c0e-5afeca4e0001")
"""Name space of derived identifiers: any constant does, this one was drawn once."""
MADE = "2026-11-26T00:00:00.000Z"
"""Time that stands in exported playbooks as that of their making: the day on which these files were first written."""
MOST_NESTING = 20
"""Steps inside each other in a file. Chosen: see `safecare.formats.cacao.MOST_NESTING`, two levels for each."""


class Trigger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a procedure is for: any of `alerts` (patterns of rules), `services` (kinds of care cut), `states`."""

    alerts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    states: tuple[Fact, ...] = ()


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state of things of some groups and kinds (all, when empty)."""

    state: State
    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


class Frameworks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proposed places in crisis schemes, by their own names: Plan blanc, PGTHSSE (France), HICS (incident command)."""

    plan_blanc: tuple[str, ...] = ()
    pgthsse: tuple[str, ...] = ()
    hics: tuple[str, ...] = ()


class Procedure(msgspec.Struct, frozen=True, kw_only=True):
    """One procedure: what it is for, and its workflow."""

    id: str
    name: str
    when: Trigger
    frameworks: Frameworks
    techniques: tuple[str, ...]
    book: Cacao


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    description: str
    when: Trigger
    steps: list[dict[str, Any]]
    kind: Literal["prevention", "detection", "mitigation", "remediation", "investigation", "notification"] = (
        "mitigation"
    )
    frameworks: Frameworks = Frameworks()
    techniques: tuple[str, ...] = ()


def read_procedure(text: str, name: str, responses: Mapping[str, Playbook]) -> Procedure:
    """Read the procedure of the file `name` (without its ending) from YAML; `responses` by file name.

    Raises `PlaybookError`.
    """
    import yaml

    try:
        given = msgspec.convert(yaml.safe_load(text), laid_out(_File))
        book = _Builder(name, responses).book(given)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError, PlaybookError) as error:
        raise PlaybookError(f"{name}: {error}") from error
    faults = [f"{one.place}: {one.reason.key}" for one in check(book) if one.level == "error"]
    if faults:
        raise PlaybookError(f"{name}: {'; '.join(faults)}")
    return Procedure(
        id=book.id, name=name, when=given.when, frameworks=given.frameworks, techniques=given.techniques, book=book
    )


def built_in_procedures() -> tuple[Procedure, ...]:
    """Return the procedures that come with the platform, by file name."""
    folder = files("safecare.decide.procedures").joinpath("files")
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    responses = named_playbooks()
    return tuple(read_procedure(one.read_text("utf-8"), one.name.removesuffix(".yaml"), responses) for one in found)


def imported(book: Cacao) -> Procedure:
    """Return a procedure from elsewhere: it is proposed for nothing, and a person may begin it."""
    return Procedure(id=book.id, name=book.id, when=Trigger(), frameworks=Frameworks(), techniques=(), book=book)


def derived(kind: str, *names: object) -> str:
    """Return the CACAO identifier of `kind` for `names`."""
    return f"{kind}--{uuid.uuid5(_SPACE, '/'.join(map(str, names)))}"


@dataclass
class _Builder:
    """Builds a workflow from its end to its beginning: each step knows what follows it."""

    name: str
    responses: Mapping[str, Playbook]
    workflow: dict[str, Step] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)

    def book(self, given: _File) -> Cacao:
        first = self._sequence(given.steps, "", self._end("end"), 0)
        start = derived("start", self.name)
        steps = {start: Step(type="start", on_completion=first), **dict(reversed(self.workflow.items()))}
        references = tuple({"name": one.split()[0], "external_id": one} for one in given.techniques)
        return Cacao(
            type="playbook",
            spec_version="cacao-2.0",
            created_by=derived("identity", "safecare"),
            created=MADE,
            modified=MADE,
            id=derived("playbook", self.name),
            name=given.name,
            description=given.description,
            playbook_types=(given.kind,),
            external_references=references,
            playbook_variables=self.variables,
            workflow_start=start,
            workflow=steps,
            agent_definitions=self.agents,
        )

    def _end(self, place: str) -> str:
        id = derived("end", self.name, place)
        self.workflow[id] = Step(type="end")
        return id

    def _sequence(self, steps: Sequence[Any], path: str, then: str, depth: int) -> str:
        """Add `steps`, of which the last is followed by `then`; return the first one's id."""
        if depth > MOST_NESTING:
            raise PlaybookError("too many steps inside each other")
        for number in range(len(steps) - 1, -1, -1):
            place = f"{path}{number + 1}"
            if not isinstance(steps[number], dict):
                raise PlaybookError(f"step {place} is no mapping")
            then = self._step(steps[number], place, then, depth)
        return then

    def _branch(self, steps: Sequence[Any], path: str, depth: int) -> str:
        return self._sequence(steps, path, self._end(path), depth + 1)

    def _step(self, step: dict[str, Any], place: str, then: str, depth: int) -> str:
        match step:
            case {"do": str(sentence), "role": str(role), **rest} if not rest:
                return self._action(sentence, role, place, then)
            case {"ask": str(question), "role": str(role), **rest} if rest.keys() <= {"if_yes", "if_no"}:
                return self._question(question, role, place, then, rest, depth)
            case {"together": [*branches], **rest} if branches and not rest:
                id = derived("parallel", self.name, place)
                first = tuple(self._branch(one, f"{place}.{n}.", depth) for n, one in enumerate(branches, 1))
                self.workflow[id] = Step(type="parallel", next_steps=first, on_completion=then)
                return id
            case {"until": str(question), "role": str(role), "do": [*body], **rest} if not rest:
                return self._repeat(question, role, place, then, body, depth)
            case {"response": str(name), **rest} if not rest:
                if name not in self.responses:
                    raise PlaybookError(f"step {place}: there is no response {name}")
                return self._playbook(self.responses[name].id, place, then)
            case {"procedure": str(name), **rest} if not rest:
                return self._playbook(derived("playbook", name), place, then)
        raise PlaybookError(f"step {place} is none of do, ask, together, until, response, procedure: {sorted(step)}")

    def _action(self, sentence: str, role: str, place: str, then: str, variable: str = "") -> str:
        id, agent = derived("action", self.name, place), derived("individual", role)
        self.agents[agent] = Agent(type="individual", name=role)
        self.workflow[id] = Step(
            type="action",
            name=sentence,
            commands=(Command(type="manual", command=sentence),),
            agent=agent,
            out_args=(variable,) if variable else (),
            on_completion=then,
        )
        return id

    def _question(
        self, question: str, role: str, place: str, then: str, answers: dict[str, list[Any]], depth: int
    ) -> str:
        variable = self._variable(place)
        id = derived("if-condition", self.name, place)
        branches = {word: self._branch(answers[word], f"{place}.{word}.", depth) for word in answers}
        # A question with nothing for "yes" goes on at once: an empty branch is an end step.
        self.workflow[id] = Step(
            type="if-condition",
            condition=f"{variable}:value = 'yes'",
            on_true=branches.get("if_yes") or self._end(f"{place}.if_yes"),
            on_false=branches.get("if_no", ""),
            on_completion=then,
        )
        return self._action(question, role, place, id, variable)

    def _repeat(self, question: str, role: str, place: str, then: str, body: list[Any], depth: int) -> str:
        variable = self._variable(place)
        again = self._action(question, role, f"{place}.again", self._end(f"{place}.round"), variable)
        id = derived("while-condition", self.name, place)
        self.workflow[id] = Step(
            type="while-condition",
            condition=f"{variable}:value != 'yes'",
            on_true=self._sequence(body, f"{place}.", again, depth + 1),
            on_completion=then,
        )
        return self._action(question, role, place, id, variable)

    def _playbook(self, id: str, place: str, then: str) -> str:
        step = derived("playbook-action", self.name, place)
        self.workflow[step] = Step(type="playbook-action", playbook_id=id, on_completion=then)
        return step

    def _variable(self, place: str) -> str:
        name = f"__answer_{place.replace('.', '_')}__"
        self.variables[name] = Variable(type="string", description="yes or no")
        return name
