"""Playbooks as data: all readable, all sensible, broken ones refused by name."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.cascade.engine import Cascade
from safecare.decide.effects import RuleIndex, changes
from safecare.decide.playbook import Playbook, PlaybookError, built_in_playbooks, read_playbook
from safecare.decide.relations import related
from safecare.testing.hospital import small_hospital

BOOKS = built_in_playbooks()
HOSPITAL = small_hospital()
CASCADE = Cascade.of(HOSPITAL)


def test_there_are_enough_and_no_id_twice() -> None:
    assert len(BOOKS) >= 12
    assert len({book.id for book in BOOKS}) == len({book.name for book in BOOKS}) == len(BOOKS)


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_a_playbook_is_whole(book: Playbook) -> None:
    assert re.fullmatch(r"playbook--[0-9a-f-]{36}", book.id)
    assert "{target}" in book.name
    assert book.workflow
    assert book.response.targets
    assert book.response.approvals
    assert book.response.stops or book.response.slows or book.response.repairs
    assert all(re.match(r"(D3-[A-Z]+|M\d{4}) \w", reference.external_id) for reference in book.external_references)


def test_kinds_of_rules_named_in_playbooks_exist() -> None:
    known = {rule.kind for rule in CASCADE.system.rules} | {"feeds", "controls", "hosts", "stores"}
    for book in BOOKS:
        for stop in (*book.response.stops, *book.response.slows):
            assert set(stop.kinds) <= known, book.name


def test_sentences_name_the_target_and_nothing_else() -> None:
    found = [sentence for book in BOOKS for sentence in (book.name, *(work.command for work in book.workflow))]
    places = {place for sentence in found for place in re.findall(r"{(\w+)}", sentence)}
    assert places == {"target"}


def test_what_isolating_a_machine_changes() -> None:
    book = next(one for one in BOOKS if one.name == "Cut {target} off the network")
    change = changes(book, "ws.pharmacy.1", HOSPITAL, RuleIndex(CASCADE.system))
    stopped = [CASCADE.system.rules[number] for number in change.stops]
    assert [(rule.tails[0].target, rule.head.target) for rule in stopped] == [("ws.pharmacy.1", "net.staff")]
    (seed,) = change.seeds
    assert (seed.fact.target, seed.at, seed.until) == ("ws.pharmacy.1", 600.0, 600.0 + 8 * 3600.0)


def test_relations() -> None:
    assert related(HOSPITAL, "ws.pharmacy.1", "network") == ("net.staff",)
    assert related(HOSPITAL, "net.staff", "machines") == ("ws.pharmacy.1", "ws.ward.1")
    assert related(HOSPITAL, "server.appointments", "hosted") == ("app.appointments",)
    assert related(HOSPITAL, "freezer.1", "stored") == ("vaccines",)
    assert related(HOSPITAL, "vaccines", "stores") == ("freezer.1",)
    assert "freezer.2" in related(HOSPITAL, "board.north", "loads")
    assert related(HOSPITAL, "freezer.1", "zone") == ("aurore.pharmacy.cold",)
    assert related(HOSPITAL, "aurore.pharmacy", "doors") == ("door.pharmacy", "door.cold")
    assert related(HOSPITAL, "door.pharmacy", "services") == ("service.pharmacy",)
    assert related(HOSPITAL, "app.appointments", "services") == ("service.vaccination",)
    assert "aurore.ward.a" in related(HOSPITAL, "aurore.pharmacy", "compartment")
    assert related(HOSPITAL, "nothing", "zone") == ()


@pytest.mark.parametrize("text", ["", "[]", "type: playbook", "{", "type: course\nspec_version: cacao-2.0"])
def test_a_broken_playbook_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(PlaybookError, match=r"mine\.yaml"):
        read_playbook(text, "mine.yaml")


@given(st.text(max_size=200))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    with suppress(PlaybookError):
        read_playbook(text, "mine.yaml")
