"""Fault trees in the Open-PSA model exchange format: gates, basic and house events, their probabilities.

Taken: ``define-fault-tree``, ``define-component``, ``define-gate``, ``define-basic-event``, ``define-house-event``,
``define-parameter``, ``define-CCF-group`` (beta-factor, MGL, alpha-factor), ``model-data``; formulas of and, or, not,
xor, iff, imply, nand, nor, atleast, cardinality and constant, nested at will; expressions float, int, bool, parameter,
``system-mission-time`` (of ``model-data``'s parameter of that name) and those of `safecare.formats.open_psa_numbers`.
A name may stand with the path of its component before it (``plant.pump.fails``). References may stand before what they
mean. What else stands there is named, never guessed.

Source: S. Epstein, A. Rauzy, "Open-PSA Model Exchange Format", version 2.0d.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite

from safecare.cascade.fault_tree import Builder, FaultTree, Value, opposite
from safecare.formats.markup import Element, parse_markup
from safecare.formats.open_psa_numbers import EXPRESSIONS, together, value_of
from safecare.formats.problem import ModelFileError, Problem

EVENTS = ("event", "gate", "basic-event", "house-event")
KEPT_OUT = ("label", "attributes")
"""Elements that say something to people only."""
CONTAINERS = ("opsa-mef", "define-fault-tree", "define-component", "model-data")
NAMED = ("define-gate", "define-basic-event", "define-house-event", "define-parameter")


def read_open_psa(raw: bytes, file: str, top: str = "") -> FaultTree:
    """Return the fault tree in `raw`; `file` is named in reasons, `top` the top gate if several are possible.

    Raises `ModelFileError`.
    """
    return _Model(parse_markup(raw, file), file).tree(top)


class _Model:
    """All definitions of a file by kind and name."""

    def __init__(self, root: Element, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.gates: dict[str, Element] = {}
        self.basics: dict[str, Element] = {}
        self.houses: dict[str, Element] = {}
        self.parameters: dict[str, Element] = {}
        self.groups: list[Element] = []
        if root.tag != "opsa-mef":
            raise ModelFileError([Problem(file, root.line, f"this is no Open-PSA model: its root is <{root.tag}>")])
        self._collect(root)

    def _wrong(self, at: Element, reason: str) -> None:
        self.problems.append(Problem(self.file, at.line, reason))

    def _collect(self, root: Element) -> None:
        into = dict(zip(NAMED, (self.gates, self.basics, self.houses, self.parameters), strict=True))
        waiting = [root]
        while waiting:
            for child in waiting.pop().children:
                if child.tag in CONTAINERS:
                    waiting.append(child)
                elif child.tag in into:
                    name = child.attributes.get("name", "")
                    if not name:
                        self._wrong(child, f"<{child.tag}> has no name")
                        continue
                    events = (self.parameters,) if child.tag == "define-parameter" else tuple(into.values())[:3]
                    twin = next((known[name] for known in events if name in known), None)
                    if twin is not None:
                        self._wrong(child, f"{name} is defined twice: first in line {twin.line}")
                        continue
                    into[child.tag][name] = child
                elif child.tag == "define-CCF-group":
                    self._group(child)
                elif child.tag not in KEPT_OUT:
                    self._wrong(child, f"<{child.tag}> is not supported")

    def _group(self, group: Element) -> None:
        """Note a common-cause group; its members are basic events that it defines."""
        self.groups.append(group)
        for member in _members(group):
            name = member.attributes.get("name", "")
            twin = next((known[name] for known in (self.gates, self.basics, self.houses) if name in known), None)
            if twin is not None or not name:
                told = f"is defined twice: first in line {twin.line}" if twin else "has no name"
                self._wrong(member, f"{name or 'a member'} {told}")
            else:
                self.basics[name] = member

    def _name(self, reference: Element) -> str:
        """Return the name that `reference` means: as it stands, else without the path of its component."""
        name = reference.attributes.get("name", "")
        known = (self.gates, self.basics, self.houses, self.parameters)
        return name if any(name in one for one in known) else name.rpartition(".")[2] if "." in name else name

    def tree(self, top: str) -> FaultTree:
        """Return the tree below `top`, or below the one gate that no other uses."""
        formulas = {name: formula for name, gate in self.gates.items() if (formula := self._formula(gate))}
        uses = {name: list(self._references(formula)) for name, formula in formulas.items()}
        if not self.gates:
            self.problems.append(Problem(self.file, 0, "there is no gate"))
        order = self._order(uses)
        chances = self._chances()
        common = self._common()
        chosen = self._top(top, uses) if order or not self.problems else ""
        if self.problems:
            raise ModelFileError(sorted(self.problems, key=lambda one: one.line))
        builder = Builder([*chances.values(), *(chance for _, chance in common)])
        values: dict[str, Value] = {name: builder.event(place) for place, name in enumerate(chances)}
        causes: dict[str, list[Value]] = {}
        for place, (members, _) in enumerate(common, len(chances)):
            for name in members:
                causes.setdefault(name, []).append(builder.event(place))
        values.update((name, builder.any_of(events)) for name, events in causes.items())
        values.update((name, self._truth(house)) for name, house in self.houses.items())
        for name in order:
            values[name] = self._value(formulas[name], builder, values)
        if self.problems:
            raise ModelFileError(sorted(self.problems, key=lambda one: one.line))
        return FaultTree(builder.chances, tuple(builder.gates), values[chosen])

    def _formula(self, gate: Element) -> Element | None:
        formulas = [child for child in gate.children if child.tag not in KEPT_OUT]
        if len(formulas) == 1:
            return formulas[0]
        self._wrong(gate, f"gate {gate.attributes['name']} has {len(formulas) or 'no'} formulas, not one")
        return None

    def _references(self, formula: Element) -> Iterator[str]:
        """Yield the gates that `formula` uses, and note what it does wrong."""
        waiting = [formula]
        while waiting:
            one = waiting.pop()
            if one.tag in EVENTS:
                name = self._name(one)
                kinds = {"gate": (self.gates,), "basic-event": (self.basics,), "house-event": (self.houses,)}
                if not any(name in known for known in kinds.get(one.tag, (self.gates, self.basics, self.houses))):
                    self._wrong(one, f"{one.tag} {name or '(without a name)'} is not defined")
                elif name in self.gates:
                    yield name
            elif one.tag in _OPERATORS:
                low, high = _OPERATORS[one.tag][0]
                if not low <= len(one.children) <= high:
                    self._wrong(one, f"<{one.tag}> has {len(one.children)} arguments")
                waiting.extend(one.children)
            elif one.tag == "constant":
                self._truth_of(one)
            else:
                self._wrong(one, f"<{one.tag}> is not supported in a formula")

    def _order(self, uses: dict[str, list[str]]) -> list[str]:
        """Return the gates so that each comes after those it uses; notes a cycle."""
        done: dict[str, None] = {}
        for start in uses:
            path = [(start, iter(uses[start]))] if start not in done else []
            open_gates = {start: None} if path else {}
            while path:
                name, rest = path[-1]
                step = next((one for one in rest if one not in done and one in uses), None)
                if step is None:
                    path.pop()
                    open_gates.pop(name)
                    done[name] = None
                elif step in open_gates:
                    ring = [*open_gates][[*open_gates].index(step) :]
                    told = " -> ".join([*ring[:10], *(["..."] if len(ring) > 10 else []), step])
                    self._wrong(self.gates[step], f"gates use each other in a circle: {told}")
                    return []
                else:
                    open_gates[step] = None
                    path.append((step, iter(uses[step])))
        return list(done)

    def _top(self, wanted: str, uses: dict[str, list[str]]) -> str:
        if wanted:
            if wanted not in self.gates:
                self.problems.append(Problem(self.file, 0, f"there is no gate {wanted}"))
            return wanted
        used = {name for names in uses.values() for name in names}
        free = [name for name in self.gates if name not in used]
        if len(free) > 1:
            lines = ", ".join(f"{name} (line {self.gates[name].line})" for name in free[:10])
            self.problems.append(
                Problem(self.file, 0, f"{len(free)} gates are used by no other: {lines}; name the top")
            )
        return free[0] if free else ""

    def _chances(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, event in self.basics.items():
            if event.tag != "define-basic-event":
                continue
            expressions = [child for child in event.children if child.tag not in KEPT_OUT]
            if len(expressions) != 1:
                self._wrong(event, f"basic event {name} has {len(expressions) or 'no'} probabilities, not one")
                continue
            value = self._number(expressions[0], ())
            if value is None:
                continue
            if not 0.0 <= value <= 1.0:
                self._wrong(expressions[0], f"basic event {name}: {value} is no probability between 0 and 1")
                continue
            found[name] = value
        return found

    def _number(self, expression: Element, within: tuple[str, ...]) -> float | None:
        """Return the value of `expression`; notes why there is none. `within`: parameters that are being evaluated."""
        tag, children = expression.tag, expression.children
        if tag in ("float", "int"):
            text = expression.attributes.get("value", "")
            try:
                value = float(text) if "_" not in text else float("nan")
            except ValueError:
                value = float("nan")
            if isfinite(value):
                return value
            self._wrong(expression, f"{text!r} is no number")
            return None
        if tag == "bool":
            return float(self._truth_of(expression))
        if tag in {"parameter", "system-mission-time"}:
            name = tag if tag == "system-mission-time" else self._name(expression)
            known = self.parameters.get(name)
            if known is None or name in within:
                self._wrong(expression, f"parameter {name} {'is not defined' if known is None else 'uses itself'}")
                return None
            inner = [child for child in known.children if child.tag not in KEPT_OUT]
            if len(inner) != 1:
                self._wrong(known, f"parameter {name} has {len(inner) or 'no'} values, not one")
                return None
            return self._number(inner[0], (*within, name))
        if tag in EXPRESSIONS:
            values = [self._number(child, within) for child in children]
            if None in values:
                return None
            try:
                return value_of(tag, [value for value in values if value is not None])
            except ValueError as error:
                self._wrong(expression, str(error))
                return None
        self._wrong(expression, f"the expression <{tag}> is not supported")
        return None

    def _common(self) -> list[tuple[tuple[str, ...], float]]:
        """Return the events of all common-cause groups: the members that each takes, and its probability."""
        found: list[tuple[tuple[str, ...], float]] = []
        for group in self.groups:
            names = [member.attributes.get("name", "") for member in _members(group)]
            wholes = [child for part in group.all("distribution") for child in part.children]
            levels = [*group.all("factor"), *(one for part in group.all("factors") for one in part.all("factor"))]
            each = self._number(wholes[0], ()) if len(wholes) == 1 else None
            factors: dict[int, float] = {}
            for factor in levels:
                text, inner = factor.attributes.get("level", ""), factor.children
                value = self._number(inner[0], ()) if len(inner) == 1 else None
                if value is None or not (text.isascii() and text.isdigit() and len(text) < 4) or int(text) in factors:
                    self._wrong(factor, "a factor has a level of its own and one value")
                    return []
                factors[int(text)] = value
            if each is None or not 0.0 <= each <= 1.0:
                self._wrong(group, "a common-cause group has one distribution, a probability between 0 and 1")
                return []
            try:
                found += together(group.attributes.get("model", ""), names, each, factors)
            except ValueError as error:
                self._wrong(group, str(error))
        return found

    def _truth(self, house: Element) -> bool:
        constants = house.all("constant")
        return self._truth_of(constants[0]) if constants else False

    def _truth_of(self, constant: Element) -> bool:
        text = constant.attributes.get("value", "")
        if text not in {"true", "false", "1", "0"}:
            self._wrong(constant, f"{text!r} is neither true nor false")
        return text in {"true", "1"}

    def _value(self, formula: Element, builder: Builder, values: dict[str, Value]) -> Value:
        if formula.tag in EVENTS:
            return values[self._name(formula)]
        if formula.tag == "constant":
            return self._truth_of(formula)
        args = [self._value(child, builder, values) for child in formula.children]
        try:
            return _OPERATORS[formula.tag][1](builder, args, formula)
        except ValueError as error:
            self._wrong(formula, str(error))
            return False


def _members(group: Element) -> list[Element]:
    return [member for part in group.all("members") for member in part.all("basic-event", "event")]


def _whole(formula: Element, name: str, most: int) -> int:
    text = formula.attributes.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
        raise ValueError(f"<{formula.tag}>: {name}={text!r} is no number from 0 to {most}")
    return int(text)


def _at_least(builder: Builder, args: list[Value], formula: Element) -> Value:
    return builder.at_least(_whole(formula, "min", len(args)), args)


def _cardinality(builder: Builder, args: list[Value], formula: Element) -> Value:
    low, high = _whole(formula, "min", len(args)), _whole(formula, "max", len(args))
    if low > high:
        raise ValueError(f"<cardinality>: min {low} is more than max {high}")
    return builder.all_of([builder.at_least(low, args), opposite(builder.at_least(high + 1, args))])


MANY = 1_000_000
_Operator = Callable[[Builder, list[Value], Element], Value]
_OPERATORS: dict[str, tuple[tuple[int, int], _Operator]] = {
    "and": ((1, MANY), lambda builder, args, _: builder.all_of(args)),
    "or": ((1, MANY), lambda builder, args, _: builder.any_of(args)),
    "not": ((1, 1), lambda _, args, __: opposite(args[0])),
    "xor": ((2, MANY), lambda builder, args, _: builder.differ(args)),
    "iff": ((2, 2), lambda builder, args, _: opposite(builder.differ(args))),
    "imply": ((2, 2), lambda builder, args, _: builder.any_of([opposite(args[0]), args[1]])),
    "nand": ((1, MANY), lambda builder, args, _: opposite(builder.all_of(args))),
    "nor": ((1, MANY), lambda builder, args, _: opposite(builder.any_of(args))),
    "atleast": ((1, MANY), _at_least),
    "cardinality": ((1, MANY), _cardinality),
}
"""Fewest and most arguments of an operator, and what it makes of them."""
