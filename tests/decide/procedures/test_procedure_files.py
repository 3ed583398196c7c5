"""The procedures that come with the platform, and files that are wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from safecare.decide.playbook import PlaybookError, named_playbooks
from safecare.decide.procedures.compile import Procedure, built_in_procedures, read_procedure
from safecare.decide.procedures.run import Done, standing
from safecare.demo import HOSPITAL
from safecare.formats.cacao import read_cacao, write_cacao
from safecare.formats.hospital import load
from safecare.locale.catalogue import Catalogue
from safecare.model.hospital import Hospital
from safecare.model.text import Text

KNOWN = built_in_procedures()
BOOKS = {one.id: one.book for one in KNOWN}
AT = datetime(2026, 11, 26, tzinfo=UTC)
MOST_STEPS = 120


def test_there_are_enough_and_no_id_twice() -> None:
    assert len(KNOWN) >= 30
    assert len({one.id for one in KNOWN}) == len({one.book.name for one in KNOWN}) == len(KNOWN)


@pytest.mark.parametrize("one", KNOWN, ids=lambda one: one.name)
def test_a_procedure_is_whole(one: Procedure) -> None:
    assert one.when.alerts or one.when.services or one.when.states
    assert one.frameworks.plan_blanc or one.frameworks.pgthsse or one.frameworks.hics
    assert all(re.match(r"(D3-[A-Z]+|M\d{4}) \w", technique) for technique in one.techniques)
    assert read_cacao(write_cacao(one.book)) == (one.book, [])
    inner = {step.playbook_id for step in one.book.workflow.values() if step.type == "playbook-action"}
    assert inner <= BOOKS.keys() | {book.id for book in named_playbooks().values()}


@pytest.mark.parametrize("one", KNOWN, ids=lambda one: one.name)
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_every_procedure_can_be_followed(one: Procedure, answer: str) -> None:
    """Answered by yes it comes to an end; by no it goes on asking at most where it says that it repeats."""
    log: dict[str, Done] = {}
    for _ in range(MOST_STEPS):
        where = standing(one.book, log, BOOKS.get)
        if where.finished:
            return
        assert where.open, "nothing is open and it is not over"
        for step in where.open:
            said = answer if step.question else ""
            log[step.key] = Done(key=step.key, outcome="success", actor="a", at=AT, answer=said)
    assert answer == "no"
    assert any(step.type == "while-condition" for book in BOOKS.values() for step in book.workflow.values())


def test_every_role_of_a_procedure_is_one_of_the_hospital() -> None:
    loaded = load(HOSPITAL)
    assert loaded.hospital is not None
    roles = {agent.name for one in KNOWN for agent in one.book.agent_definitions.values()}
    assert roles <= set(loaded.hospital.roles) | {"operator"}


def test_every_sentence_has_its_french() -> None:
    catalogue, nobody = Catalogue.load(), Hospital.empty()
    for book in BOOKS.values():
        steps = (step.name for step in book.workflow.values() if step.name)
        for sentence in (book.name, book.description, *steps):
            assert catalogue.render(Text(sentence), "fr", nobody) != sentence, sentence


GOOD = "name: N\ndescription: D\nwhen: {alerts: [a.b]}\nsteps:\n"


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("- {do: x}\n", "step 1 is none of"),
        ("- {do: x, role: guard, extra: 1}\n", "step 1 is none of"),
        ("- {ask: x, role: guard, maybe: []}\n", "step 1 is none of"),
        ("- {response: no-such}\n", "no response no-such"),
        ("- just words\n", "Expected `object`"),
        ("- {ask: x, role: guard, if_yes: [words]}\n", "step 1.if_yes.1 is no mapping"),
        ("- {do: [\n", "test: "),
    ],
)
def test_a_broken_file_names_the_place(steps: str, reason: str) -> None:
    with pytest.raises(PlaybookError, match=re.escape(reason)):
        read_procedure(GOOD + steps, "test", named_playbooks())
