"""Open-PSA models: what is taken, and that everything wrong is named with its line."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from math import exp, pi, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.cascade.exact import solve
from safecare.formats.open_psa import read_open_psa
from safecare.formats.problem import ModelFileError

GOOD = """<opsa-mef>
<define-fault-tree name="t"><label>said to people</label>
<define-gate name="top"><or><gate name="g"/><not><event name="a"/></not></or></define-gate>
<define-gate name="g"><and>
<atleast min="2"><basic-event name="a"/><basic-event name="b"/><basic-event name="c"/></atleast>
<iff><basic-event name="a"/><house-event name="on"/></iff></and></define-gate>
<define-house-event name="on"><constant value="true"/></define-house-event>
</define-fault-tree>
<model-data>
<define-parameter name="p"><float value="0.5"/></define-parameter>
<define-basic-event name="a"><parameter name="p"/></define-basic-event>
<define-basic-event name="b"><mul><parameter name="p"/><float value="0.5"/></mul></define-basic-event>
<define-basic-event name="c"><int value="0"/></define-basic-event>
</model-data></opsa-mef>"""


def read(text: str) -> float:
    return solve(read_open_psa(text.encode(), "m.xml")).probability


def wrong(text: str) -> list[str]:
    with pytest.raises(ModelFileError) as caught:
        read_open_psa(text.encode(), "m.xml")
    return list(caught.value.told())


@pytest.mark.slow
def test_formulas_nest_and_refer_forward() -> None:
    # top = not a, or (a and b)
    assert read(GOOD) == pytest.approx(0.5 + 0.5 * 0.25)


AN_EVENT = '<event name="a"/>'


def gate(name: str, formula: str = AN_EVENT) -> str:
    return f'<define-gate name="{name}">{formula}</define-gate>'


def event(value: str) -> str:
    return f'<define-basic-event name="a">{value}</define-basic-event>'


def model(gates: str, events: str = event('<float value="0.1"/>')) -> str:
    tree = f"<define-fault-tree name='t'>\n{gates}\n</define-fault-tree>"
    return f"<opsa-mef>\n{tree}\n<model-data>{events}</model-data></opsa-mef>"


CASES = {
    "circle": (
        model(gate("g", '<or><gate name="h"/></or>') + "\n" + gate("h", '<and><gate name="g"/></and>')),
        "m.xml:3: gates use each other in a circle: g -> h -> g",
    ),
    "dangling": (model(gate("g", '<or><gate name="h"/></or>')), "m.xml:3: gate h is not defined"),
    "twice": (model(gate("g") + "\n" + gate("g")), "m.xml:4: g is defined twice: first in line 3"),
    "two tops": (
        model(gate("g") + "\n" + gate("h")),
        "m.xml: 2 gates are used by no other: g (line 3), h (line 4); name the top",
    ),
    "too many needed": (
        model(gate("g", f'<atleast min="3">{AN_EVENT}</atleast>')),
        "m.xml:3: <atleast>: min='3' is no number from 0 to 1",
    ),
    "no probability": (
        model(gate("g"), event('<float value="1.5"/>')),
        "m.xml:5: basic event a: 1.5 is no probability between 0 and 1",
    ),
    "not a number": (model(gate("g"), event('<float value="nan"/>')), "m.xml:5: 'nan' is no number"),
    "empty": (model(""), "m.xml: there is no gate"),
    "no xml": ("<opsa-mef>\n<a", "m.xml:2: this is no XML: unclosed token"),
    "another document": ("<html/>", "m.xml:1: this is no Open-PSA model: its root is <html>"),
    "entities": ('<!DOCTYPE a [<!ENTITY b "c">]><opsa-mef/>', "m.xml:1: entities are not taken"),
    "expression": (model(gate("g"), event("<histogram/>")), "m.xml:5: the expression <histogram> is not supported"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_named_with_its_line(name: str) -> None:
    text, reason = CASES[name]
    assert reason in wrong(text)


@given(st.binary(max_size=200), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_damaged_files_are_read_or_refused(noise: bytes, at: int, cut: int) -> None:
    raw = GOOD.encode()
    with suppress(ModelFileError):
        read_open_psa(raw[:at] + noise + raw[at + cut :], "m.xml")


NUMBER = '<float value="0.3"/>'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('<exponential><float value="0.01"/><float value="50"/></exponential>', 1 - exp(-0.5)),
        (f"<div>{NUMBER}<int value='2'/></div>", 0.15),
        (f"<sub><float value='1'/>{NUMBER}{NUMBER}</sub>", 0.4),
        (f"<pow>{NUMBER}<int value='2'/></pow>", 0.09),
        (f"<mean>{NUMBER}<float value='0.5'/></mean>", 0.4),
        (f"<min>{NUMBER}<float value='0.5'/></min>", 0.3),
        (f"<abs><neg>{NUMBER}</neg></abs>", 0.3),
        ("<lognormal-deviate><float value='0.3'/><float value='3'/><float value='0.9'/></lognormal-deviate>", 0.3),
        ("<div><pi/><float value='10'/></div>", pi / 10),
        (
            "<Weibull><float value='10'/><float value='2'/><float value='0'/><float value='5'/></Weibull>",
            1 - exp(-0.25),
        ),
        ("<GLM><float value='0'/><float value='1'/><float value='1'/><float value='1'/></GLM>", 0.5 * (1 - exp(-2))),
    ],
)
def test_expressions_have_the_values_of_the_format(expression: str, value: float) -> None:
    assert read(model(gate("top"), event(expression))) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        "<div><float value='1'/><int value='0'/></div>",
        "<log><int value='0'/></log>",
        "<sqrt><float value='-1'/></sqrt>",
        "<pow><float value='-1'/><float value='0.5'/></pow>",
        "<exponential><float value='1'/></exponential>",
        "<system-mission-time/>",
        "<histogram><float value='0'/></histogram>",
    ],
)
def test_expressions_without_a_value_are_named(expression: str) -> None:
    assert all(one.startswith("m.xml:") for one in wrong(model(gate("top"), event(expression))))


def group(kind: str, factors: dict[int, float], each: float = 0.1) -> str:
    told = "".join(f'<factor level="{level}"><float value="{value}"/></factor>' for level, value in factors.items())
    names = "".join(f'<basic-event name="{name}"/>' for name in "abc")
    return (
        f'<define-CCF-group name="g" model="{kind}"><members>{names}</members><distribution><float value="{each}"/>'
        f"</distribution><factors>{told}</factors></define-CCF-group>"
    )


def of_three(kind: str, factors: dict[int, float]) -> str:
    events = "".join(f'<event name="{name}"/>' for name in "abc")
    tree = f"<define-fault-tree name='t'>{gate('top', f'<and>{events}</and>')}</define-fault-tree>"
    return f"<opsa-mef>{tree}{group(kind, factors)}</opsa-mef>"


def all_fail(one: float, two: float, three: float) -> float:
    """Probability that all of three units fail, each event of a set of them with its own; by enumeration."""
    sets = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
    chances = [one, one, one, two, two, two, three]
    total = 0.0
    for happens in product((False, True), repeat=7):
        hit = {unit for members, yes in zip(sets, happens, strict=True) if yes for unit in members}
        if len(hit) == 3:
            total += prod(p if yes else 1 - p for p, yes in zip(chances, happens, strict=True))
    return total


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "factors", "levels"),
    [
        ("beta-factor", {3: 0.2}, (0.08, 0.0, 0.02)),
        ("MGL", {2: 0.2, 3: 0.25}, (0.08, 0.2 * 0.75 / 2 * 0.1, 0.2 * 0.25 * 0.1)),
        ("alpha-factor", {1: 0.9, 2: 0.07, 3: 0.03}, (0.09 / 1.13, 2 * 0.07 / 2 / 1.13 * 0.1, 3 * 0.03 / 1.13 * 0.1)),
    ],
)
def test_groups_fail_together_as_their_model_says(
    kind: str, factors: dict[int, float], levels: tuple[float, float, float]
) -> None:
    assert read(of_three(kind, factors)) == pytest.approx(all_fail(*levels), rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "factors"),
    [
        ("beta-factor", {2: 0.1}),
        ("MGL", {3: 0.1}),
        ("alpha-factor", {7: 1.0}),
        ("phi-factor", {1: 1.0}),
        ("MGL", {2: 3.0}),
    ],
)
def test_groups_that_make_no_sense_are_named(kind: str, factors: dict[int, float]) -> None:
    (told,) = wrong(of_three(kind, factors))
    assert told.startswith("m.xml:1: ")


@pytest.mark.slow
def test_names_may_stand_with_the_path_of_their_component() -> None:
    path = gate("top", '<or><event name="plant.pump.a"/><event name="b.1"/></or>')
    events = event(NUMBER) + '<define-basic-event name="b.1"><float value="0.5"/></define-basic-event>'
    assert read(model(path, events)) == pytest.approx(0.65)


@pytest.mark.slow
def test_private_names_are_those_of_their_component() -> None:
    def component(name: str, value: str) -> str:
        own = f'<define-basic-event name="x" role="private"><float value="{value}"/></define-basic-event>'
        inside = '<define-gate name="g" role="private"><or><basic-event name="x"/><event name="a"/></or></define-gate>'
        return f'<define-component name="{name}">{inside}{own}</define-component>'

    both = gate("top", '<and><gate name="A.g"/><gate name="t.B.g"/></and>')
    text = model(both + component("A", "0.5") + component("B", "0.25"))
    assert read(text) == pytest.approx(0.1 + 0.9 * 0.5 * 0.25)
    assert wrong(model(gate("top", '<gate name="g"/>') + component("A", "0.5")))[-1:] == [
        "m.xml:3: gate g is not defined"
    ]


@pytest.mark.slow
def test_event_trees_beside_a_fault_tree_change_nothing() -> None:
    tree = '<define-event-tree name="e"><define-sequence name="s"/></define-event-tree>'
    text = model(gate("g")).replace("<model-data>", f'{tree}<define-initiating-event name="i"/><model-data>')
    assert read(text) == pytest.approx(0.1)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_parameters_are_evaluated_once_however_they_use_each_other() -> None:
    def parameter(name: str, value: str) -> str:
        return f'<define-parameter name="{name}">{value}</define-parameter>'

    def twice(name: str) -> str:
        return f'<mul><float value="0.5"/><add>{name}{name}</add></mul>'

    many = [parameter(f"p{one}", twice(f'<parameter name="p{one - 1}"/>')) for one in range(1, 5000)]
    events = event('<parameter name="p4999"/>') + parameter("p0", NUMBER) + "".join(many)
    assert read(model(gate("g"), events)) == pytest.approx(0.3)
    ring = event('<parameter name="p"/>') + "\n" + parameter("p", '<parameter name="p"/>')
    assert wrong(model(gate("g"), ring)) == ["m.xml:6: parameters use each other in a circle: p -> p"]
