"""Weighing of mails: one weak kind of evidence is never enough, several are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from safecare.detect.cyber.mail_evidence import EVIDENCE, weigh
from safecare.detect.cyber.mail_phishing import Phishing
from safecare.formats.mail import MAIL_FACTS, examine
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.files import MailExamined
from safecare.model.ids import ArtifactHash, EventId, HolderId
from safecare.scenarios.make.mail import benign_mails, credential_phish, spear_phish
from safecare.testing.hospital import small_hospital
from safecare.testing.hospital_building import SITE

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def judged(*facts: str, holders: tuple[HolderId, ...] = (HolderId("holder.1"),)) -> list[Alert]:
    event = MailExamined(
        id=Event.id_for(AT, "files", "x"),
        at=AT,
        seen=AT,
        source="files",
        site=SITE,
        received=EventId("m"),
        artifact=ArtifactHash("0" * 64),
        facts=tuple(sorted(facts)),
        holders=holders,
    )
    return list(Phishing(small_hospital()).feed([event]))


def test_weights_are_of_known_facts() -> None:
    assert EVIDENCE.keys() <= MAIL_FACTS.keys()


@pytest.mark.parametrize("fact", [fact for fact, weight in EVIDENCE.items() if weight.strength < 0.7])
def test_one_common_fact_alone_is_never_enough(fact: str) -> None:
    assert judged(fact) == []


def test_several_kinds_are_enough_and_are_told_in_words() -> None:
    (alert,) = judged("mail.from.lookalike-own", "mail.link.text-mismatch", "mail.text.credentials", "mail.link.any")
    assert alert.assets == ("ws.pharmacy.1",)
    assert alert.holders == ("holder.1",)
    assert alert.why[0].key == "The sender's domain imitates one of the hospital's own."
    assert alert.techniques == ("T1566.002",)
    assert 0.8 < alert.confidence <= 0.99


def test_dangerous_content_weighs_more() -> None:
    facts = ("mail.from.display-address", "office.macro.autoexec", "mail.text.enable-content")
    (alert,) = judged(*facts)
    (unknown,) = judged(*facts, holders=())
    assert alert.severity > unknown.severity
    assert alert.techniques == ("T1566.001",)


def test_the_hospitals_own_verified_mail_is_trusted_more() -> None:
    facts = ("office.macro.autoexec", "mail.text.enable-content")
    assert judged(*facts)
    assert not judged(*facts, "mail.from.own", "mail.auth.dmarc.pass")
    assert judged(*facts, "mail.from.own", "mail.auth.dmarc.pass", "mail.auth.spf.fail")


def test_more_evidence_never_weighs_less() -> None:
    facts: list[str] = []
    last = 0.0
    for fact in EVIDENCE:
        facts.append(fact)
        strength, _, _ = weigh(facts)
        assert strength >= last - 1e-9
        last = strength


@pytest.mark.slow
def test_made_mails() -> None:
    def alerts(raw: bytes) -> int:
        found = examine(raw, ("aurore.example",))
        return len(judged(*found.facts, *(fact for part in found.parts for fact in part.facts)))

    to = "user1@aurore.example"
    assert not any(alerts(raw) for raw in benign_mails(200, seed=77, at=AT, to=to))
    for seed in range(10):
        for language in ("fr", "en"):
            assert alerts(spear_phish(seed=seed, at=AT, to=to, language=language))
            assert alerts(credential_phish(seed=seed, at=AT, to=to, language=language))
