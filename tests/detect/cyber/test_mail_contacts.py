"""With whom the house writes: strangers weigh more, partners less, look-alikes of partners much more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from safecare.detect.cyber.mail_contacts import ENOUGH, LEARNING, MOST, Contacts
from safecare.detect.cyber.mail_phishing import Phishing
from safecare.detect.stage import DetectStage
from safecare.examine.engine import Engine
from safecare.examine.mail.contacts import called, contact_of
from safecare.examine.mail.evidence import EVIDENCE
from safecare.formats.mail import read_mail, told
from safecare.model.event import Event
from safecare.model.events.files import MailExamined
from safecare.model.finding import Finding
from safecare.model.ids import ArtifactHash, EventId
from safecare.testing.hospital import small_hospital
from safecare.testing.hospital_building import SITE

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATER = START + LEARNING + timedelta(days=1)
ASK = ("mail.lure.account", "mail.link.hosted")
DOUBTED = ("mail.lure.account", "mail.lure.payment", "mail.link.hosted", "mail.link.recipient")


def mail(
    sender: str, *facts: str, at: datetime = LATER, vouched: bool = True, to: tuple[str, ...] = (), **more: object
) -> MailExamined:
    findings = tuple(
        Finding(one, EVIDENCE[one].because, EVIDENCE[one].strength, kind=f"mail.{EVIDENCE[one].kind}") for one in facts
    )
    event = MailExamined(
        id=Event.id_for(at, "files", sender),
        at=at,
        seen=at,
        source="files",
        site=SITE,
        received=EventId("m"),
        artifact=ArtifactHash("0" * 64),
        findings=tuple(sorted(findings, key=lambda one: -one.weight)),
        sender=sender,
        vouched=vouched,
        written_to=to,
    )
    return msgspec.structs.replace(event, **more)


def acquainted() -> Phishing:
    """A house that has written with medisupply.fr for two weeks, and heard of many others."""
    rule = Phishing(small_hospital())
    for day in range(LEARNING.days + 1):
        at = START + timedelta(days=day)
        for number in range(ENOUGH // LEARNING.days + 1):
            assert not list(rule.feed([mail(f"firm{number}.fr", at=at)]))
        list(rule.feed([mail("medisupply.fr", at=at), mail("sante.fr", at=at), mail("oxygen.fr", at=at)]))
    return rule


def rules(rule: Phishing, one: MailExamined) -> set[str]:
    return {found.rule for found in rule.contacts.judge(one)}


def test_a_strangers_first_ask_weighs_more_and_is_told_in_words() -> None:
    rule = acquainted()
    assert "mail.contact.first" in rules(rule, mail("new-portal.eu", *ASK))
    assert not list(Phishing(small_hospital()).feed([mail("new-portal.eu", *DOUBTED)]))
    (alert,) = rule.feed([mail("new-portal.eu", *DOUBTED)])
    assert any("never wrote to the house" in one.key for one in alert.why)


def test_a_stranger_who_wants_nothing_is_no_matter() -> None:
    assert rules(acquainted(), mail("new-portal.eu", "mail.link.foreign-only")) == {"mail.link.foreign-only"}


def test_an_ask_alone_of_a_stranger_is_no_alert() -> None:
    for fact, weight in EVIDENCE.items():
        if weight.kind == "request":
            assert not list(acquainted().feed([mail("new-portal.eu", fact)])), fact


def test_a_strangers_order_alone_is_an_alert_and_a_lesser_one_or_a_correspondents_is_not() -> None:
    assert list(acquainted().feed([mail("new-boss@gmail.com", "mail.order.contact")]))
    assert not list(Phishing(small_hospital()).feed([mail("new-boss@gmail.com", "mail.order.contact")]))
    assert not list(acquainted().feed([mail("new-portal.eu", "mail.order.stray")]))
    assert not list(acquainted().feed([mail("medisupply.fr", "mail.order.contact")]))


def test_what_nobody_vouches_for_is_neither_new_nor_gets_acquainted() -> None:
    rule = acquainted()
    assert "mail.contact.first" not in rules(rule, mail("new-portal.eu", *ASK, vouched=False))
    list(rule.feed([mail("forged.eu", vouched=False)]))
    assert "forged.eu" not in rule.contacts.known


def test_nothing_is_said_while_everybody_is_new() -> None:
    rule = Phishing(small_hospital())
    for number in range(ENOUGH * 2):
        list(rule.feed([mail(f"firm{number}.fr", at=START)]))
    soon = START + LEARNING - timedelta(hours=1)
    assert "mail.contact.first" not in rules(rule, mail("new-portal.eu", *ASK, at=soon))
    few = Phishing(small_hospital())
    list(few.feed([mail("firm.fr", at=START)]))
    assert "mail.contact.first" not in rules(few, mail("new-portal.eu", *ASK))


def test_an_opener_makes_nobody_acquainted_and_an_alarm_never_does() -> None:
    rule = acquainted()
    list(rule.feed([mail("opener.eu")]))
    assert "mail.contact.first" in rules(rule, mail("opener.eu", *ASK, at=LATER + timedelta(hours=3)))
    assert "mail.contact.first" not in rules(rule, mail("opener.eu", *ASK, at=LATER + timedelta(days=3)))
    list(rule.feed([mail("alarm.eu", "mail.order.payment")]))
    assert "alarm.eu" not in rule.contacts.known


def test_what_a_partner_asks_weighs_less_but_not_what_he_orders_or_carries() -> None:
    rule = acquainted()
    strange = {one.rule: one.weight for one in mail("medisupply.fr", *ASK).findings}
    for one in rule.contacts.judge(mail("medisupply.fr", *ASK)):
        assert one.weight < strange[one.rule]
    ordered = mail("medisupply.fr", *ASK, "mail.order.new-account")
    assert rule.contacts.judge(ordered) == ordered.findings
    forged = mail("medisupply.fr", *ASK, vouched=False)
    assert rule.contacts.judge(forged) == forged.findings
    program = mail("medisupply.fr", *ASK)
    carried = Finding("carried.program", EVIDENCE[ASK[0]].because, 0.8, kind="carried")
    program = msgspec.structs.replace(program, findings=(carried, *program.findings))
    assert rule.contacts.judge(program) == program.findings


@pytest.mark.parametrize("sender", ["medisuply.fr", "rnedisupply.fr", "medisupply-group.com", "0xygen.fr"])
def test_a_look_alike_of_a_partner_weighs_much_more(sender: str) -> None:
    rule = acquainted()
    (alert,) = rule.feed([mail(sender, "mail.lure.payment")])
    assert any(one.args.get("domain") in ("medisupply.fr", "oxygen.fr") for one in alert.why)
    assert "mail.contact.lookalike" in rules(rule, mail(sender, "mail.lure.payment", vouched=False))


@pytest.mark.parametrize(
    "sender",
    ["medisupply.fr", "medisupply.com", "magit-sante.fr", "oxygene.fr", "aurore-labs.fr", "a1b2c3d4e5f6a1b2c3d4e5f6"],
)
def test_no_look_alike(sender: str) -> None:
    assert "mail.contact.lookalike" not in rules(acquainted(), mail(sender, "mail.lure.payment"))


def test_a_look_alike_gets_acquainted_only_if_the_house_writes_to_it() -> None:
    rule = acquainted()
    for day in range(20):
        list(rule.feed([mail("medisuply.fr", at=LATER + timedelta(days=day))]))
    after = LATER + timedelta(days=21)
    assert "mail.contact.lookalike" in rules(rule, mail("medisuply.fr", *ASK, at=after))
    list(rule.feed([mail("aurore.example", at=after, to=("medisuply.fr",), facts=("mail.from.own",))]))
    assert "mail.contact.lookalike" not in rules(rule, mail("medisuply.fr", *ASK, at=after))


def test_whom_the_house_wrote_to_is_no_stranger() -> None:
    rule = acquainted()
    list(rule.feed([mail("aurore.example", to=("asked.eu",), facts=("mail.from.own",))]))
    assert "mail.contact.first" not in rules(rule, mail("asked.eu", *ASK))
    assert "aurore.example" not in rule.contacts.known


def test_memory_is_bounded_and_outlives_a_restart() -> None:
    contacts = Contacts()
    for number in range(MOST + 10):
        contacts.learn(mail(f"h{number:x}"), alarming=False)
    assert len(contacts.known) <= MOST
    restored = Phishing(small_hospital())
    DetectStage([restored]).restore(DetectStage([acquainted()]).snapshot())
    assert "mail.contact.first" in rules(restored, mail("new-portal.eu", *ASK))


def test_the_sender_is_the_address_not_what_stands_beside_it() -> None:
    own = ("aurore.example",)
    raw = b'From: "boss@aurore.example" <x@evil.top>\r\nTo: a@aurore.example\r\n\r\nhello'
    one = read_mail(raw, own)
    contact = contact_of(one, told(one), own)
    assert (contact.sender, contact.vouched, contact.written_to) == ("evil.top", False, ())
    forged = b"Authentication-Results: mx; dmarc=fail\r\nFrom: a@aurore.example\r\nTo: b@evil.top\r\n\r\nhello"
    two = read_mail(forged, own)
    assert contact_of(two, told(two), own).written_to == ()
    tenant = read_mail(b"From: x@evil.onmicrosoft.com\r\n\r\nhello", own)
    assert contact_of(tenant, told(tenant), own).sender == "x@evil.onmicrosoft.com"
    assert contact_of(read_mail(b"\r\n", own), told(read_mail(b"\r\n", own)), own).sender == ""
    assert Engine(own=own).judge(raw).score >= 0


HER = "pseudonym-of-her-name"


def staffed() -> Phishing:
    """A house from which somebody wrote under a name."""
    rule = acquainted()
    list(rule.feed([mail("aurore.example", facts=("mail.from.own",), called=HER)]))
    return rule


def test_a_name_of_the_house_at_a_foreign_address_is_an_alert_beside_what_it_wants() -> None:
    wants = ("mail.order.stray",)
    for sender in ("someone@gmail.com", "office-desk.eu"):
        (alert,) = staffed().feed([mail(sender, *wants, called=HER, vouched=False)])
        assert any("the name of someone of the house" in one.key for one in alert.why)
        assert not list(staffed().feed([mail(sender, *wants, called="another", vouched=False)]))
        assert not list(staffed().feed([mail(sender, *wants, vouched=False)]))


def test_a_name_of_the_house_alone_or_beside_little_is_no_alert() -> None:
    assert not list(staffed().feed([mail("someone@gmail.com", called=HER)]))
    assert "mail.contact.name" not in rules(staffed(), mail("someone@gmail.com", "mail.header.no-id", called=HER))
    for little in (
        "mail.lure.document",
        "mail.lure.payment",
        "mail.header.no-id",
        "mail.link.foreign-only",
        "mail.auth.unaligned",
    ):
        assert not list(staffed().feed([mail("someone@gmail.com", little, called=HER, vouched=False)])), little


def test_home_addresses_and_namesakes_are_known_once_met_and_openers_are_not() -> None:
    rule, home = staffed(), "her-home@gmail.com"
    list(rule.feed([mail(home, called=HER)]))
    ask = ("mail.lure.payment",)
    assert "mail.contact.name" in rules(rule, mail(home, *ask, called=HER, at=LATER + timedelta(hours=2)))
    assert "mail.contact.name" not in rules(rule, mail(home, *ask, called=HER, at=LATER + timedelta(days=8)))
    assert "mail.contact.name" in rules(rule, mail("other@gmail.com", *ask, called=HER, at=LATER + timedelta(days=8)))
    written = staffed()
    list(written.feed([mail("aurore.example", to=(home,), facts=("mail.from.own",), called=HER)]))
    assert "mail.contact.name" not in rules(written, mail(home, *ask, called=HER))


def test_a_name_is_learned_of_the_houses_own_vouched_mail_only_and_services_may_wear_it() -> None:
    ask = ("mail.lure.payment",)
    forged = acquainted()
    list(forged.feed([mail("aurore.example", facts=("mail.from.own",), called=HER, vouched=False)]))
    list(forged.feed([mail("medisupply.fr", called=HER)]))
    assert not forged.contacts.people
    assert "mail.contact.name" not in rules(staffed(), mail("docusign.net", *ask, called=HER))


@pytest.mark.parametrize(
    ("display", "name"),
    [
        ("Dr Anne MERCIER", "anne mercier"),
        ("Mercier, Anne", "anne mercier"),
        ("Anne Mercier (Pharmacie)", "anne mercier"),
        ("Prof. H\u00e9l\u00e8ne de la Tour", "de helene la tour"),
        ("Anne Mercier via DocuSign", ""),
        ("Service Informatique", ""),
        ("Anne", ""),
        ("a.mercier@aurore.example", ""),
    ],
)
def test_names_of_people_are_told_without_titles_and_order(display: str, name: str) -> None:
    assert called(display) == name
