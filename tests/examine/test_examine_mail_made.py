"""Made mails of later years: how much of the phishing is found, and how much of honest mail is flagged."""

from __future__ import annotations

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.formats.mail import read_mail
from safecare.testing.mails import OWN, made_mails, templates

SEEDS = range(2)
"""Draws of each story. Chosen: the bench takes six."""


def flagged(kind: str) -> tuple[list[str], int]:
    engine = Engine(own=(OWN,))
    told = [(one.name, engine.judge(one.raw, "a.eml").verdict) for one in made_mails(kind, SEEDS)]
    return [name for name, verdict in told if verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)], len(told)


@pytest.mark.slow
def test_most_phishing_is_found_and_honest_mail_is_left_alone() -> None:
    found, phishing = flagged("phishing")
    alarms, honest = flagged("honest")
    assert len(found) >= 0.95 * phishing, (len(found), phishing)
    assert len(alarms) <= 0.01 * honest, alarms


@pytest.mark.slow
def test_of_later_stories_those_put_aside_are_found_less_often_and_honest_ones_are_left_alone() -> None:
    found, phishing = flagged("later-phishing")
    alarms, honest = flagged("later-honest")
    assert len(found) >= 0.9 * phishing, (len(found), phishing)
    assert len(alarms) <= 0.02 * honest, alarms


@pytest.mark.parametrize("kind", ["later-phishing", "later-honest"])
def test_half_of_the_later_stories_is_put_aside(kind: str) -> None:
    halves = [one.half for one in made_mails(kind, range(1))]
    assert set(halves) == {"open", "held"}
    assert 0.4 < halves.count("held") / len(halves) < 0.6


@pytest.mark.parametrize(
    "kind",
    ["phishing", "honest", "later-phishing", "later-honest", "taught-phishing", "fresh-phishing", "fresh-honest"],
)
def test_stories_are_told_apart_and_drawn_the_same_each_time(kind: str) -> None:
    names = [f"{one.name} {one.language}" for one in templates(kind)]
    assert len(names) > 50
    assert len(set(names)) == len(names)
    first, again = (list(made_mails(kind, range(1))) for _ in range(2))
    assert first == again
    for one in first:
        mail = read_mail(one.raw, (OWN,))
        assert not {fact for fact in mail.facts if fact.startswith(("mail.mime", "mail.encoding", "mail.header"))}, (
            one.name
        )
        assert mail.text.strip()
        assert "{" not in mail.text, one.name
