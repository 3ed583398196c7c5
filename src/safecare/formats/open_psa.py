"""Fault trees in the Open-PSA model exchange format: gates, basic and house events, their probabilities.

Taken: ``define-fault-tree``, ``define-component``, ``define-gate``, ``define-basic-event``, ``define-house-event``,
``define-parameter``, ``define-CCF-group`` (beta-factor, MGL, alpha-factor), ``model-data``; formulas of and, or, not,
xor, iff, imply, nand, nor, atleast, cardinality and constant, nested at will; expressions float, int, bool, parameter,
``system-mission-time`` (of ``model-data``'s parameter of that name) and those of `safecare.formats.open_psa_numbers`.
What is ``role="private"`` in a component is known there, and elsewhere by its path (``plant.pump.fails``). References
may stand before what they mean. Event trees say nothing about a fault tree and are passed over. What else stands there
is named, never guessed.

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
EVENT_TREES = (
    "define-event-tree",
    "define-initiating-event",
    "define-sequence",
    "define-functional-event",
    "define-rule",
)
"""Definitions that use fault trees and change none."""
CONTAINERS = ("opsa-mef", "define-fault-tree", "define-component", "model-data")
PARAMETERS = ("parameter", "system-mission-time")
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
        self._paths: dict[str, str] = {}
        """Names by the paths that also mean them."""
        self._private: set[str] = set()
        self._known: dict[str, float | None] = {}
        """Values of parameters."""
        if root.tag != "opsa-mef":
            raise ModelFileError([Problem(file, root.line, f"this is no Open-PSA model: its root is <{root.tag}>")])
        self._collect(root)

    def _wrong(self, at: Element, reason: str) -> None:
        self.problems.append(Problem(self.file, at.line, reason))

    def _collect(self, root: Element) -> None:
        """Note all definitions under the names that they have in the whole file; then references are named so too."""
        into = dict(zip(NAMED, (self.gates, self.basics, self.houses, self.parameters), strict=True))
        waiting = [(root, "", False)]
        within: list[tuple[Element, str]] = []
        while waiting:
            container, path, hidden = waiting.pop()
            for child in container.children:
                private = child.attributes.get("role", "private" if hidden else "public") == "private"
                if child.tag in CONTAINERS:
                    name = child.attributes.get("name", "") if child.tag != "model-data" else ""
                    waiting.append((child, f"{path}.{name}".strip("."), private))
                elif child.tag in into:
                    within.append((child, path))
                    if not child.attributes.get("name"):
                        self._wrong(child, f"<{child.tag}> has no name")
                    elif self._is_new(child, path, private=private, parameter=child.tag == "define-parameter"):
                        into[child.tag][child.attributes["name"]] = child
                elif child.tag == "define-CCF-group":
                    self.groups.append(child)
                    within.append((child, path))
                    for member in _members(child):
                        if not member.attributes.get("name"):
                            self._wrong(member, "a member has no name")
                        elif self._is_new(member, path, private=private, parameter=False):
                            self.basics[member.attributes["name"]] = member
                elif child.tag not in (*KEPT_OUT, *EVENT_TREES):
                    self._wrong(child, f"<{child.tag}> is not supported")
        for definition, path in within:
            self._refer(definition, path)

    def _is_new(self, definition: Element, path: str, *, private: bool, parameter: bool) -> bool:
        """Give `definition` its name in the whole file; notes if there is another one."""
        name = definition.attributes["name"]
        full = f"{path}.{name}"
        if private and path:
            name = definition.attributes["name"] = full
            self._private.add(name)
        for at, sign in enumerate(full):
            if sign == ".":
                self._paths[full[at + 1 :]] = self._paths.get(full[at + 1 :], name)
        self._paths[full] = name
        known = (self.parameters,) if parameter else (self.gates, self.basics, self.houses)
        twin = next((one[name] for one in known if name in one), None)
        if twin is not None:
            self._wrong(definition, f"{name} is defined twice: first in line {twin.line}")
        return twin is None

    def _refer(self, definition: Element, path: str) -> None:
        """Put the names of the whole file in place of those that are used in `definition`, which stands in `path`."""
        known = (self.gates, self.basics, self.houses, self.parameters)
        waiting = [child for child in definition.children if child.tag not in KEPT_OUT]
        while waiting:
            one = waiting.pop()
            waiting.extend(one.children)
            name = one.attributes.get("name", "")
            base = path
            while base and f"{base}.{name}" not in self._private:
                base = base.rpartition(".")[0]
            if base:
                one.attributes["name"] = f"{base}.{name}"
            elif "." in name and not any(name in kind for kind in known):
                one.attributes["name"] = self._paths.get(name, name.rpartition(".")[2])

    def tree(self, top: str) -> FaultTree:
        """Return the tree below `top`, or below the one gate that no other uses."""
        formulas = {name: formula for name, gate in self.gates.items() if (formula := self._formula(gate))}
        uses = {name: list(self._references(formula)) for name, formula in formulas.items()}
        if not self.gates:
            self.problems.append(Problem(self.file, 0, "there is no gate"))
        order = self._order(uses, self.gates, "gates")
        self._values()
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
                name = one.attributes.get("name", "")
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

    def _order(self, uses: dict[str, list[str]], known: dict[str, Element], kind: str) -> list[str]:
        """Return gates or parameters so that each comes after those it uses; notes a circle, and returns none."""
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
                    self._wrong(known[step], f"{kind} use each other in a circle: {told}")
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
            value = self._number(expressions[0])
            if value is None:
                continue
            if not 0.0 <= value <= 1.0:
                self._wrong(expressions[0], f"basic event {name}: {value} is no probability between 0 and 1")
                continue
            found[name] = value
        return found

    def _values(self) -> None:
        """Evaluate the parameters, each once, after those that it uses."""
        inner: dict[str, Element] = {}
        for name, parameter in self.parameters.items():
            values = [child for child in parameter.children if child.tag not in KEPT_OUT]
            if len(values) == 1:
                inner[name] = values[0]
            else:
                self._wrong(parameter, f"parameter {name} has {len(values) or 'no'} values, not one")
        uses = {name: list(_parameters(value)) for name, value in inner.items()}
        for name in self._order(uses, self.parameters, "parameters"):
            self._known[name] = self._number(inner[name])

    def _number(self, expression: Element) -> float | None:
        """Return the value of `expression`; notes why there is none, unless a parameter has none."""
        tag, children = expression.tag, expression.children
        if tag in ("float", "int"):
            text = expression.attributes.get("value", "")
            try:
                value = float(text) if text.isascii() and "_" not in text else float("nan")
            except ValueError:
                value = float("nan")
            if isfinite(value):
                return value
            self._wrong(expression, f"{text!r} is no number")
            return None
        if tag == "bool":
            return float(self._truth_of(expression))
        if tag in PARAMETERS:
            name = _parameter(expression)
            if name not in self.parameters:
                self._wrong(expression, f"parameter {name} is not defined")
            return self._known.get(name)
        if tag in EXPRESSIONS:
            values = [self._number(child) for child in children]
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
            each = self._number(wholes[0]) if len(wholes) == 1 else None
            factors: dict[int, float] = {}
            for factor in levels:
                text, inner = factor.attributes.get("level", ""), factor.children
                value = self._number(inner[0]) if len(inner) == 1 else None
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
            return values[formula.attributes["name"]]
        if formula.tag == "constant":
            return self._truth_of(formula)
        args = [self._value(child, builder, values) for child in formula.children]
        try:
            return _OPERATORS[formula.tag][1](builder, args, formula)
        except ValueError as error:
            self._wrong(formula, str(error))
            return False


def _parameter(reference: Element) -> str:
    return reference.attributes.get("name", "") if reference.tag == "parameter" else reference.tag


def _parameters(expression: Element) -> Iterator[str]:
    """Yield the parameters that `expression` uses."""
    waiting = [expression]
    while waiting:
        one = waiting.pop()
        if one.tag in PARAMETERS:
            yield _parameter(one)
        waiting.extend(one.children)


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
