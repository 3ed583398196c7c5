"""Weighing of mails: one weak kind of evidence is never enough, several are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from safecare.detect.cyber.mail_phishing import Phishing
from safecare.examine.engine import Engine
from safecare.examine.mail.evidence import EVIDENCE
from safecare.examine.office.document import ACTS, AUTO, FACTS
from safecare.model.alert import Alert
from safecare.model.event import Event
from safecare.model.events.files import MailExamined
from safecare.model.finding import Finding, kinds, strength
from safecare.model.ids import ArtifactHash, EventId, HolderId
from safecare.scenarios.make.mail import benign_mails, credential_phish, spear_phish
from safecare.testing.hospital import small_hospital
from safecare.testing.hospital_building import SITE

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def found(*facts: str) -> tuple[Finding, ...]:
    """The findings that the engine makes of these facts, strongest first."""
    made = [
        Finding(fact, EVIDENCE[fact].because, EVIDENCE[fact].strength, kind=f"mail.{EVIDENCE[fact].kind}")
        if fact in EVIDENCE
        else Finding(fact, FACTS[fact][1], FACTS[fact][0], kind="office")
        for fact in facts
        if fact in EVIDENCE or fact in FACTS
    ]
    if "office.macro.autoexec" in facts and ACTS & set(facts):
        made.append(AUTO)
    return tuple(sorted(made, key=lambda one: -one.weight))


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
        findings=found(*facts),
        holders=holders,
    )
    return list(Phishing(small_hospital()).feed([event]))


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
    facts = ("mail.from.display-address", "office.macro.autoexec", "office.macro.download", "mail.text.enable-content")
    (alert,) = judged(*facts)
    (unknown,) = judged(*facts, holders=())
    assert alert.severity > unknown.severity
    assert alert.techniques == ("T1566.001",)


def test_the_hospitals_own_verified_mail_is_trusted_more() -> None:
    facts = ("office.macro.autoexec", "office.macro.execute", "mail.text.enable-content")
    assert judged(*facts)
    assert not judged(*facts, "mail.from.own", "mail.auth.dmarc.pass")
    assert judged(*facts, "mail.from.own", "mail.auth.dmarc.pass", "mail.auth.spf.fail")


def test_more_evidence_never_weighs_less() -> None:
    facts: list[str] = []
    last = 0.0
    for fact in EVIDENCE:
        facts.append(fact)
        total = strength(kinds(found(*facts)).values())
        assert total >= last - 1e-9
        last = total


@pytest.mark.slow
def test_made_mails() -> None:
    engine = Engine(own=("aurore.example",))

    def alerts(raw: bytes) -> bool:
        return engine.judge(raw, "a.eml").score >= 0.5

    to = "user1@aurore.example"
    assert not any(alerts(raw) for raw in benign_mails(200, seed=77, at=AT, to=to))
    for seed in range(10):
        for language in ("fr", "en"):
            assert alerts(spear_phish(seed=seed, at=AT, to=to, language=language))
            assert alerts(credential_phish(seed=seed, at=AT, to=to, language=language))
