"""CACAO 2.0: what is read is checked whole, what is written can be read again, broken files are named."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.cacao import MOST_NESTING, CacaoError, read_cacao, write_cacao


def id_of(kind: str, number: int) -> str:
    return f"{kind}--00000000-0000-4000-8000-{number:012d}"


START, ACT, END = id_of("start", 1), id_of("action", 2), id_of("end", 3)


def playbook(**changes: Any) -> dict[str, Any]:
    book: dict[str, Any] = {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": id_of("playbook", 9),
        "name": "Test",
        "created_by": id_of("identity", 8),
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": START,
        "workflow": {
            START: {"type": "start", "on_completion": ACT},
            ACT: {
                "type": "action",
                "name": "Do it",
                "commands": [{"type": "manual", "command": "Do it"}],
                "on_completion": END,
            },
            END: {"type": "end"},
        },
    }
    return book | changes


def faults_of(book: object) -> tuple[bool, list[tuple[str, str]]]:
    found, faults = read_cacao(json.dumps(book).encode())
    return found is not None, [(one.place, one.level) for one in faults]


def test_a_whole_playbook_is_read_and_written_again() -> None:
    book, faults = read_cacao(json.dumps(playbook()).encode())
    assert book is not None
    assert faults == []
    assert read_cacao(write_cacao(book)) == (book, [])
    assert json.loads(write_cacao(book))["spec_version"] == "cacao-2.0"


def test_all_faults_are_named_and_not_only_the_first() -> None:
    workflow = playbook()["workflow"]
    workflow[START]["on_completion"] = id_of("action", 77)
    workflow["nonsense"] = {"type": "end"}
    workflow[id_of("while-condition", 4)] = {"type": "while-condition", "on_true": END}
    workflow[id_of("action", 5)] = {"type": "explode"}
    fine, faults = faults_of(playbook(workflow=workflow, workflow_start=END))
    assert not fine
    assert {place for place, _ in faults} == {
        f"workflow.{START}.on_completion",
        "workflow.nonsense",
        f"workflow.{id_of('while-condition', 4)}.condition",
        f"workflow.{id_of('action', 5)}",
        "workflow_start",
    }


def test_a_circle_is_refused_and_a_loop_is_not() -> None:
    workflow = playbook()["workflow"]
    workflow[ACT]["on_completion"] = START
    assert not faults_of(playbook(workflow=workflow))[0]
    workflow = playbook()["workflow"]
    loop = id_of("while-condition", 4)
    workflow[START]["on_completion"] = loop
    workflow[loop] = {
        "type": "while-condition",
        "condition": "__x__:value = 'no'",
        "on_true": ACT,
        "on_completion": END,
    }
    assert faults_of(playbook(workflow=workflow)) == (True, [])


def test_branches_that_are_too_deep_are_refused() -> None:
    workflow: dict[str, Any] = {START: {"type": "start", "on_completion": id_of("parallel", 100)}, END: {"type": "end"}}
    for number in range(100, 101 + MOST_NESTING):
        workflow[id_of("parallel", number)] = {
            "type": "parallel",
            "next_steps": [id_of("parallel", number + 1) if number < 100 + MOST_NESTING else END],
            "on_completion": END,
        }
    assert faults_of(playbook(workflow=workflow)) == (False, [("workflow", "error")])


def test_what_is_not_kept_and_what_is_not_carried_out_is_said() -> None:
    workflow = playbook()["workflow"]
    workflow[ACT]["commands"] = [{"type": "ssh", "command": "reboot"}]
    fine, faults = faults_of(playbook(workflow=workflow, signatures=[{"value": "x"}]))
    assert fine
    assert faults == [("signatures", "warning"), (f"workflow.{ACT}.commands[0]", "warning")]


def test_everything_else_is_kept_as_it_was() -> None:
    workflow = playbook()["workflow"]
    coded = {"type": "bash", "command_b64": "aXAgbGluayBzZXQgZXRoMCBkb3du", "version": "1"}
    calls = {"type": "http-api", "command": "POST /x", "headers": {"a": ["b"]}, "content_b64": "e30="}
    variables = {"__z__": {"type": "string", "value": "q", "constant": True}}
    workflow[ACT] |= {"commands": [coded, calls], "owner": id_of("identity", 9), "step_variables": variables}
    extension = id_of("extension-definition", 8)
    more = {
        "priority": 10,
        "severity": 70,
        "impact": 0,
        "valid_from": "2026-01-01T00:00:00Z",
        "industry_sectors": ["x"],
    }
    more |= {
        "playbook_extensions": {extension: {"deep": [{"a": 1}]}},
        "extension_definitions": {extension: {"name": "e"}},
    }
    whole = playbook(workflow=workflow, **more)
    book, faults = read_cacao(msgspec.json.encode(whole))
    assert book is not None
    assert [one.place for one in faults] == [f"workflow.{ACT}.commands[{number}]" for number in (0, 1)]
    assert msgspec.json.decode(write_cacao(book)) == whole
    assert book.workflow[ACT].commands[0].text == "ip link set eth0 down"
    named = {**whole, "markings": ["marking-tlp--1"], "workflow": {**workflow, ACT: {**workflow[ACT], "odd": {"a": 1}}}}
    assert [one.place for one in read_cacao(msgspec.json.encode(named))[1]][:2] == [f"workflow.{ACT}.odd", "markings"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"type": "bundle"}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_playbook_is_refused(raw: bytes) -> None:
    with pytest.raises(CacaoError):
        read_cacao(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([START, ACT, END]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([START, ACT, "type", "on_true"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(sorted(playbook())), JSON, max_size=4), JSON)
def test_nothing_but_the_declared_error_leaves_the_reader(changes: dict[str, Any], step: Any) -> None:
    book = playbook() | changes
    if isinstance(book["workflow"], dict):
        book["workflow"] = book["workflow"] | {id_of("action", 50): step}
    try:
        found, faults = read_cacao(json.dumps(book).encode())
    except CacaoError:
        return
    assert (found is None) == any(one.level == "error" for one in faults)
