"""Open-PSA models: what is taken, and that everything wrong is named with its line."""

from __future__ import annotations

from contextlib import suppress

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
    "expression": (model(gate("g"), event("<exponential/>")), "m.xml:5: the expression <exponential> is not supported"),
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
