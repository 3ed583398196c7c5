"""Makers of inputs: the same each time, and what the readers of these formats understand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from safecare.formats.hl7 import read_hl7
from safecare.formats.hl7_schedule import read_booking
from safecare.formats.mail import examine
from safecare.scenarios.make.hl7 import absence, bookings, mass_move, ordinary_day
from safecare.scenarios.make.mail import SHAPES, benign_mail, benign_mails, credential_phish, spear_phish

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
TO = "user1@aurore.example"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("shape", SHAPES)
def test_mails_are_well_formed_and_repeat(shape: str, language: str) -> None:
    one, other = (benign_mail(shape, seed=3, at=AT, to=TO, language=language) for _ in range(2))  # type: ignore[arg-type]
    assert one == other
    assert benign_mail(shape, seed=4, at=AT, to=TO) != one
    read = message_from_bytes(one, policy=default)
    assert read["To"] == TO
    assert not read.defects
    assert b"\n" not in one.replace(b"\r\n", b"")


def test_a_day_of_mails_repeats_and_has_all_shapes() -> None:
    one, other = (list(benign_mails(80, seed=5, at=AT, to=TO)) for _ in range(2))
    assert one == other
    assert len(set(one)) == 80


@pytest.mark.parametrize("home", ["aurore.example", "sainte-aurore.fr", "chu.example"])
def test_phishing_is_aimed_at_the_hospital(home: str) -> None:
    spear = examine(spear_phish(seed=1, at=AT, to=f"u@{home}", home=home), (home,))
    assert "office.macro.autoexec" in spear.parts[0].facts
    assert "mail.link.text-mismatch" in spear.facts
    portal = examine(credential_phish(seed=1, at=AT, to=f"u@{home}", home=home), (home,))
    assert {"mail.text.credentials", "mail.text.urgency"} <= set(portal.facts)
    if home != "chu.example":  # a label of three letters is not compared
        assert "mail.from.lookalike-own" in spear.facts


def test_scheduling_messages_are_read_back() -> None:
    booked = bookings(50, seed=1, first_day=AT)
    assert booked == bookings(50, seed=1, first_day=AT)
    day = ordinary_day(booked, seed=1, at=AT, changes=100)
    assert [at for at, _ in day] == sorted(at for at, _ in day)
    assert {read_booking(read_hl7(raw)).change for _, raw in day} == {"new", "moved", "modified", "cancelled", "noshow"}


def test_a_mass_move_has_one_target_and_an_absence_many() -> None:
    booked = bookings(60, seed=1, first_day=AT)
    target = AT + timedelta(days=2, minutes=25)
    starts = {read_booking(read_hl7(raw)).start for _, raw in mass_move(booked, seed=1, at=AT, to=target)}
    assert starts == {target.replace(minute=0)}
    assert len({read_booking(read_hl7(raw)).start for _, raw in absence(booked, seed=1, at=AT)}) > 30
