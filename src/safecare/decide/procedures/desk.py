"""Procedures of a plan: which are proposed, and what people's acts make of them.

A procedure is proposed for what the alerts say and for what the forecast expects; nothing starts it but a person's act.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from safecare.decide.playbook import Playbook
from safecare.decide.procedures import compile as files
from safecare.decide.procedures.run import Done, Outcome, standing
from safecare.formats.cacao import Cacao, Step
from safecare.model.alert import Alert
from safecare.model.events.acts import ProcedureActed
from safecare.model.forecast import Effect, Forecast
from safecare.model.hospital import Asset, Hospital, Service
from safecare.model.plan import OpenStep, Plan, Procedure, StepTaken
from safecare.model.plan import Step as ToDo
from safecare.model.text import Amount, Ref, Text, say

MOST = 6
"""Procedures proposed at once. Chosen: what a person reads under stress; the rest stay one search away."""
LIKELY = 0.3
"""Probability from which an expected effect calls for its procedure. Chosen: prepare before it is likely."""
MOST_TAKEN = 2000
"""Steps remembered of one run. Chosen: far beyond the longest procedure with its rounds."""
MOST_COMMENT = 2000
MOST_COMMAND = 2000
"""Characters of a command that a person is shown. Chosen: a screenful."""
"""Characters kept of a comment."""


_ORDER = {"running": 0, "proposed": 1, "finished": 2, "stopped": 3}
"""Where a procedure stands in a plan: what wants somebody comes first."""


@dataclass(frozen=True)
class _Fit:
    """How a procedure fits: the rules that alerted, the probability of what it prepares for, and both in words."""

    rules: frozenset[str]
    coming: float
    why: tuple[Text, ...]

    def score(self, answered: set[str]) -> float:
        """Return how much it adds when `answered` have a procedure already: what happened counts before what may."""
        return 2.0 * len(self.rules - answered) + 0.5 * len(self.rules & answered) + self.coming


class ProcedureDesk:
    """Knows the procedures, proposes them, and tells where each run stands."""

    def __init__(self, hospital: Hospital, known: Sequence[files.Procedure], responses: Sequence[Playbook]) -> None:
        """Take the procedures that may be proposed, and the ranked responses that they may name."""
        self._hospital = hospital
        self._known = {one.id: one for one in known}
        self._responses = {one.id: one for one in responses}

    def proposed(self, alerts: Iterable[Alert], forecast: Forecast) -> tuple[Procedure, ...]:
        """Return the procedures that fit, so that as many as possible of the alerts have one that answers them."""
        rules = sorted({alert.rule for alert in alerts})
        effects = [one for one in forecast.effects if one.probability >= LIKELY]
        fits = {one.name: (one, self._fit(one.when, rules, effects)) for one in self._known.values()}
        chosen: list[Procedure] = []
        answered: set[str] = set()
        while len(chosen) < MOST:
            name = max(sorted(fits), key=lambda one: fits[one][1].score(answered), default="")
            if not name or fits[name][1].score(answered) == 0.0:
                break
            known, fit = fits.pop(name)
            answered |= fit.rules
            chosen.append(self._fresh(known, fit.why))
        return tuple(chosen)

    def _fit(self, when: files.Trigger, rules: Sequence[str], effects: Sequence[Effect]) -> _Fit:
        seen = [rule for rule in rules if any(fnmatchcase(rule, pattern) for pattern in when.alerts)]
        coming = sorted((one for one in effects if self._concerns(when, one)), key=lambda one: -one.probability)
        why = [say("The rule {rule} has alerted", rule=rule) for rule in seen[:2]]
        for effect in coming[:1]:
            chance = Amount(float(round(100 * effect.probability)))
            why.append(say("{thing} is affected with {chance} %", thing=Ref(effect.target), chance=chance))
        return _Fit(frozenset(seen), max((one.probability for one in coming), default=0.0), tuple(why))

    def _concerns(self, when: files.Trigger, effect: Effect) -> bool:
        thing = self._hospital.thing(effect.target)
        if isinstance(thing, Service):
            return thing.kind in when.services
        if not isinstance(thing, Asset):
            return False
        return any(
            one.state is effect.state
            and (not one.groups or thing.group in one.groups)
            and (not one.kinds or thing.kind in one.kinds)
            for one in when.states
        )

    def _fresh(self, known: files.Procedure, why: tuple[Text, ...]) -> Procedure:
        book = known.book
        schemes = (
            ("Plan blanc", known.frameworks.plan_blanc),
            ("PGTHSSE", known.frameworks.pgthsse),
            ("HICS", known.frameworks.hics),
        )
        return Procedure(
            id=known.id,
            name=known.name,
            title=say(book.name),
            description=say(book.description),
            why=why,
            steps=tuple(ToDo(_role(book, step), self._words(step)) for step in _people(book)),
            frameworks=tuple(f"{scheme}: {place}" for scheme, places in schemes for place in places),
            techniques=known.techniques,
        )

    def _words(self, step: Step) -> Text:
        """Return what a person is to do at `step`."""
        response = self._responses.get(step.playbook_id)
        if response is not None:
            target = say("what is affected")
            return say("Decide on the plan's action: {action}", action=Text(response.name, {"target": target}))
        if step.playbook_id:
            inner = self._known.get(step.playbook_id)
            return say("Follow the procedure: {name}", name=say(inner.book.name) if inner else step.playbook_id)
        told = step.name or step.description
        commands = "; ".join(text for one in step.commands if (text := one.text[:MOST_COMMAND]) not in {"", told})
        if not told or not commands:
            return say(told or commands or step.type)
        return say("{step}: {commands}", step=say(told), commands=commands)

    def after(self, plan: Plan, act: ProcedureActed) -> Plan | None:
        """Return the next revision of `plan` after `act`; None if it changes nothing (unknown, over, done before)."""
        found = next((one for one in plan.procedures if one.id == act.procedure), None)
        if found is None and act.procedure in self._known:
            found = self._fresh(self._known[act.procedure], ())
        changed = self._acted(found, act) if found else None
        if changed is None:
            return None
        others = tuple(one for one in plan.procedures if one.id != changed.id)
        procedures = tuple(sorted((changed, *others), key=lambda one: _ORDER[one.state]))
        return msgspec.structs.replace(plan, revision=plan.revision + 1, at=max(plan.at, act.at), procedures=procedures)

    def _acted(self, procedure: Procedure, act: ProcedureActed) -> Procedure | None:
        if act.outcome == "begin":
            if procedure.state != "proposed" or procedure.id not in self._known:
                return None
            begun = msgspec.structs.replace(procedure, begun_by=act.actor, begun_at=act.at)
            return self._standing(begun)
        if procedure.state != "running":
            return None
        if act.outcome == "stop":
            return msgspec.structs.replace(procedure, state="stopped", open=())
        waiting = next((one for one in procedure.open if one.key == act.key), None)
        if waiting is None or len(procedure.taken) >= MOST_TAKEN:
            return None
        if waiting.question and act.outcome in {"success", "skipped"}:
            return None
        taken = StepTaken(
            key=act.key,
            text=waiting.text,
            outcome=act.outcome,
            actor=act.actor,
            at=act.at,
            comment=act.comment[:MOST_COMMENT],
        )
        return self._standing(msgspec.structs.replace(procedure, taken=(*procedure.taken, taken)))

    def _standing(self, procedure: Procedure) -> Procedure:
        """Work out what is open now. A run whose procedure is no longer known stays as it is, for the record."""
        known = self._known.get(procedure.id)
        if known is None:
            return procedure
        where = standing(known.book, _log(procedure), self._book)
        opened = tuple(OpenStep(one.key, one.agent, self._words(one.step), one.question) for one in where.open)
        return msgspec.structs.replace(procedure, state="finished" if where.finished else "running", open=opened)

    def _book(self, id: str) -> Cacao | None:
        """Return a procedure to be run within another one; a ranked response is a step for a person."""
        known = self._known.get(id)
        return known.book if known else None


def merged(fresh: tuple[Procedure, ...], known: tuple[Procedure, ...]) -> tuple[Procedure, ...]:
    """Return what was begun in `known` and what is proposed anew and was not begun."""
    begun = tuple(one for one in known if one.state != "proposed")
    names = {one.id for one in begun}
    return tuple(sorted((*begun, *(one for one in fresh if one.id not in names)), key=lambda one: _ORDER[one.state]))


def _people(book: Cacao) -> Iterator[Step]:
    """Yield the steps that people do, in the order of the file."""
    return (step for step in book.workflow.values() if step.type in {"action", "playbook-action"})


def _role(book: Cacao, step: Step) -> str:
    agent = book.agent_definitions.get(step.agent)
    return agent.name if agent else ""


def _log(procedure: Procedure) -> Mapping[str, Done]:
    """Return what was done, by step."""
    log: dict[str, Done] = {}
    for one in procedure.taken:
        answer = one.outcome if one.outcome in {"yes", "no"} else ""
        outcome: Outcome = "failure" if one.outcome == "failure" else "success"
        log[one.key] = Done(key=one.key, outcome=outcome, actor=one.actor, at=one.at, answer=answer)
    return log
