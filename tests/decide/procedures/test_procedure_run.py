"""Runs: where one stands follows from the file and the log alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.decide.playbook import named_playbooks
from safecare.decide.procedures.compile import imported, read_procedure
from safecare.decide.procedures.run import Done, Outcome, Standing, standing
from safecare.formats.cacao import Cacao, read_cacao

AT = datetime(2026, 11, 26, tzinfo=UTC)
FILE = """
name: Test
description: Test
when: {alerts: [a]}
steps:
  - {do: first, role: guard}
  - {together: [[{do: left, role: guard}], [{do: right, role: nurse}]]}
  - {ask: really, role: ciso, if_yes: [{do: then, role: guard}], if_no: [{do: else, role: guard}]}
  - {until: quiet, role: guard, do: [{do: again, role: guard}]}
  - {do: last, role: guard}
"""
BOOK = read_procedure(FILE, "test", named_playbooks()).book


def nothing(_: str) -> Cacao | None:
    return None


class Run:
    def __init__(self, book: Cacao) -> None:
        self.book, self.log = book, dict[str, Done]()

    def where(self) -> Standing:
        return standing(self.book, self.log, nothing)

    def names(self) -> list[str]:
        return [one.step.name for one in self.where().open]

    def do(self, name: str, answer: str = "", outcome: Outcome = "success") -> None:
        step = next(one for one in self.where().open if one.step.name == name)
        assert step.question == bool(answer)
        self.log[step.key] = Done(key=step.key, outcome=outcome, actor="a", at=AT, answer=answer)


def test_branches_side_by_side_questions_and_rounds() -> None:
    run = Run(BOOK)
    assert run.names() == ["first"]
    run.do("first")
    assert run.names() == ["left", "right"]
    run.do("right")
    assert run.names() == ["left"]
    run.do("left")
    run.do("really", "no")
    assert run.names() == ["else"]
    run.do("else")
    run.do("quiet", "no")
    run.do("again")
    run.do("quiet", "no")
    run.do("again")
    run.do("quiet", "yes")
    assert run.names() == ["last"]
    run.do("last")
    assert run.where() == Standing((), finished=True)


@given(st.data())
def test_the_order_in_which_people_answer_does_not_matter(data: st.DataObject) -> None:
    """The log is a set: written down in any order it gives the same standing."""
    run = Run(BOOK)
    for _ in range(data.draw(st.integers(0, 14))):
        waiting = run.where().open
        if not waiting:
            break
        step = data.draw(st.sampled_from(waiting))
        answer = data.draw(st.sampled_from(["yes", "no"])) if step.question else ""
        run.log[step.key] = Done(key=step.key, outcome="success", actor="a", at=AT, answer=answer)
    shuffled = dict(data.draw(st.permutations(list(run.log.items()))))
    assert standing(BOOK, shuffled, nothing) == run.where()


def foreign(**steps: Any) -> Cacao:
    ids = {name: f"{step['type']}--00000000-0000-4000-8000-{n:012d}" for n, (name, step) in enumerate(steps.items())}
    text = json.dumps({ids[name]: step for name, step in steps.items()})
    for name, id in ids.items():
        text = text.replace(f'"@{name}"', f'"{id}"')
    book = {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": "playbook--00000000-0000-4000-8000-00000000000f",
        "name": "Foreign",
        "workflow_start": ids["start"],
        "workflow": json.loads(text),
        "playbook_variables": {"__n__": {"type": "integer", "value": 3}},
    }
    found, faults = read_cacao(json.dumps(book).encode())
    assert found is not None, faults
    return found


END = {"type": "end"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("__n__:value = '3'", ["then"]),
        ("__n__:value >= 4", ["else"]),
        ("__n__:value < 4 AND __n__:value != '2'", ["then"]),
        ("__n__:value = '9' OR __n__:value = '3'", ["then"]),
        ("[network-traffic:src_ref.value = '10.0.0.1']", ["choose"]),
    ],
)
def test_conditions_are_computed_and_others_are_asked(condition: str, expected: list[str]) -> None:
    book = foreign(
        start={"type": "start", "on_completion": "@choose"},
        choose={
            "type": "if-condition",
            "name": "choose",
            "condition": condition,
            "on_true": "@then",
            "on_false": "@else",
            "on_completion": "@end",
        },
        then={"type": "action", "name": "then", "on_completion": "@end"},
        **{"else": {"type": "action", "name": "else", "on_completion": "@end"}},
        end=END,
    )
    run = Run(book)
    assert run.names() == expected
    if expected == ["choose"]:
        run.do("choose", "no")
        assert run.names() == ["else"]


def test_failure_has_its_own_way_and_a_switch_takes_its_case() -> None:
    book = foreign(
        start={"type": "start", "on_completion": "@try"},
        **{"try": {"type": "action", "name": "try", "on_success": "@end", "on_failure": "@case"}},
        case={
            "type": "switch-condition",
            "switch": "__n__:value",
            "cases": {"3": "@three", "default": "@end"},
            "on_completion": "@end",
        },
        three={"type": "action", "name": "three", "on_completion": "@end"},
        end=END,
    )
    run = Run(book)
    run.do("try", outcome="failure")
    assert run.names() == ["three"]
    run.do("three")
    assert run.where().finished


def test_a_playbook_that_names_itself_is_left_to_people_and_a_foreign_one_is_proposed_for_nothing() -> None:
    book = foreign(
        start={"type": "start", "on_completion": "@self"},
        self={
            "type": "playbook-action",
            "playbook_id": "playbook--00000000-0000-4000-8000-00000000000f",
            "on_completion": "@end",
        },
        end=END,
    )
    assert len(standing(book, {}, lambda _: book).open) == 1
    assert not imported(book).when.alerts
