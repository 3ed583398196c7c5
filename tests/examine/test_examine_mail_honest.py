"""Honest mails that look like lures, each beside a lure that looks like it: only the first are left alone."""

from __future__ import annotations

import pytest

from safecare.examine.api import Verdict, Verdicts
from safecare.examine.engine import Engine
from safecare.testing.mails import OWN, made_mails

ENGINE = Engine(own=("chu-aurore.fr",))
ALARM = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
STATUS = (
    "Reporting-MTA: dns; mx.partner.fr\r\n\r\nFinal-Recipient: rfc822; a@partner.fr\r\nAction: failed\r\n"
    "Diagnostic-Code: smtp; 452 mailbox size limit exceeded"
)
FULL = "Your mailbox is full. Your account will be suspended, please verify your account now."


def judged(sender: str, text: str, *more: str, kind: str = "text/plain", passed: bool = True) -> Verdict:
    domain = sender.rpartition("@")[2].rstrip(">")
    vouched = f"Authentication-Results: mx.chu-aurore.fr; dkim=pass header.d={domain}; dmarc=pass header.from={domain}"
    to = [] if any(one.startswith("To: ") for one in more) else ["To: agent@chu-aurore.fr"]
    head = [*([vouched] if passed else ()), f"From: {sender}", *to, "Subject: Notice", *more]
    head += [f"Message-ID: <1.2@{domain}>", f"Content-Type: {kind}"]
    return ENGINE.judge(("\r\n".join(head) + f"\r\n\r\n{text}").encode(), "a.eml")


def report(words: str, kind: str = "text/plain", status: str = STATUS) -> Verdict:
    parts = (
        f"--b\r\nContent-Type: {kind}\r\n\r\n{words}\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: agent@chu-aurore.fr\r\nTo: a@partner.fr\r\n"
        f"Subject: Re\r\n\r\n{FULL}\r\n--b--\r\n"
    )
    path = "Authentication-Results: mx.chu-aurore.fr; spf=pass smtp.mailfrom=\r\nReturn-Path: <>"
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    return judged("Mail Delivery System <MAILER-DAEMON@mx.partner.fr>", parts, path, kind=kind, passed=False)


def rules(verdict: Verdict) -> set[str]:
    return {one.rule for one in verdict.findings}


def test_a_report_of_a_full_mail_box_is_no_lure() -> None:
    told = report("This is the mail system at host mx.partner.fr.\r\n<a@partner.fr>: 452 mailbox full, quota exceeded")
    assert told.verdict is Verdicts.CLEAN
    assert not rules(told)
    assert report(f"{FULL} See https://support.google.com/mail/?p=OverQuota").verdict is Verdicts.CLEAN


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (f"{FULL} https://relay-office.top/keep", "text/plain"),
        (f"<p>{FULL}</p><a href='https://relay-office.top/keep'>Release messages</a>", "text/html"),
    ],
)
def test_a_feigned_report_that_wants_a_click_is_judged_like_any_mail(words: str, kind: str) -> None:
    assert report(words, kind).verdict in ALARM


def test_a_report_without_what_machines_read_is_none() -> None:
    assert "mail.lure.account" in rules(report(FULL, status="Please see below"))


def test_a_server_that_writes_from_nobody_in_plain_words_is_a_report() -> None:
    text = "Over quota: the mailbox is full. Your account will be suspended."
    assert judged("MAILER-DAEMON@mx.partner.fr", text, "Return-Path: <>").verdict is Verdicts.CLEAN
    lure = judged("MAILER-DAEMON@mx.partner.fr", f"{FULL} https://relay-office.top/keep", "Return-Path: <>")
    assert "mail.lure.account" in rules(lure)


def test_only_fields_of_a_report_are_kept_from_the_judgement_of_mails() -> None:
    """A page that is called a report is a page."""
    page = "<html><script>location='data:text/html;base64,PGh0bWw+'</script><form><input type=password></form></html>"
    text = f"--b\r\nContent-Type: message/delivery-status; name=a.html\r\n\r\n{page}\r\n--b--\r\n"
    told = judged("a@partner.fr", text, kind="multipart/mixed; boundary=b")
    assert any(one.rule.startswith(("page.", "html.")) for one in told.findings)


def test_a_known_organisation_may_call_its_team_as_the_house_does() -> None:
    text = "We detected something unusual about a recent sign-in. <a href='https://account.live.com/a'>Review</a>"
    own = judged("Microsoft account team <no-reply@accountprotection.microsoft.com>", text, kind="text/html")
    assert "mail.from.internal" not in rules(own)
    assert "mail.link.foreign-only" not in rules(own)
    assert own.verdict is Verdicts.CLEAN
    false = judged("Account team <no-reply@accounts-protect.info>", f"{FULL} {text}", kind="text/html")
    assert "mail.from.internal" in rules(false)


@pytest.mark.parametrize(
    ("address", "failed", "told"),
    [
        ("https://account.live.com/a", False, False),
        ("https://account.live.com/a", True, True),
        ("https://sites.google.com/view/a", False, True),
        ("https://relay-office.top/a", False, True),
    ],
)
def test_an_unchecked_mail_of_a_known_organisation_must_lead_to_known_ones(
    address: str, *, failed: bool, told: bool
) -> None:
    more = ["Authentication-Results: mx.chu-aurore.fr; spf=fail; dmarc=fail"] if failed else []
    text = f"Your account will be suspended, verify it now. <a href='{address}'>Review</a>"
    sender = "Microsoft account team <no-reply@accountprotection.microsoft.com>"
    found = judged(sender, text, *more, kind="text/html", passed=False)
    assert ("mail.from.internal" in rules(found)) is told


def test_a_service_that_writes_for_a_known_organisation_is_no_impostor() -> None:
    text = "Please review and sign the document. <a href='https://na4.docusign.net/Signing/?a=1'>REVIEW DOCUMENT</a>"
    honest = judged("Siemens Healthineers via Docusign <dse@docusign.net>", text, kind="text/html")
    assert "mail.brand.sender" not in rules(honest)
    text = text.replace("na4.docusign.net", "signing-desk.net")
    false = judged("Siemens Healthineers via Docusign <dse@signing-desk.net>", text, kind="text/html")
    assert rules(false) & {"mail.brand.sender", "mail.brand.name"}


def test_whoever_shares_through_a_known_service_may_have_a_private_mail_box() -> None:
    text = "A document was shared with you. <a href='https://docs.google.com/document/d/1/edit'>Open</a>"
    more = "Reply-To: Lucie <lucie@gmail.com>"
    through = judged("Lucie (via Google Docs) <drive-shares-dm-noreply@google.com>", text, more, kind="text/html")
    assert "mail.reply-to.freemail" not in rules(through)
    assert "mail.reply-to.freemail" in rules(judged("Lucie <noreply@share-desk.eu>", text, more, kind="text/html"))


UPLOADS = "https://mairie-petitbourg.fr/wp-content/uploads/2025/03/"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (UPLOADS + "programme.pdf", False),
        ("https://mairie-petitbourg.fr/wp-includes/images/smilies/icon_smile.gif", False),
        (UPLOADS + "index.html", True),
        (UPLOADS + "login.php?x=.pdf", True),
        ("https://mairie-petitbourg.fr/wp-includes/x/", True),
    ],
)
def test_documents_and_pictures_of_a_site_are_no_hiding_place(address: str, *, told: bool) -> None:
    found = judged("Mairie <contact@mairie-petitbourg.fr>", f"<a href='{address}'>Voir</a>", kind="text/html")
    assert ("mail.link.broken-in" in rules(found)) is told


NEW_BANK = "We have changed our bank. Payments of invoices go to our new bank account from 1 May. "


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Please call your usual contact before you change anything.", False),
        ("The new details come to you by registered post.", False),
        ("Please call your usual contact on +33 4 93 55 12 12.", True),
        ("Please call your usual contact. IBAN FR76 3000 4012 3400 0112 3456 789.", True),
        ("", True),
    ],
)
def test_a_new_bank_account_that_is_to_be_asked_back_elsewhere_is_no_order(text: str, *, told: bool) -> None:
    found = judged("Martine <m@blanchisserie-du-var.fr>", NEW_BANK + text)
    assert ("mail.order.new-account" in rules(found)) is told


def test_the_house_itself_may_speak_of_the_mail_program() -> None:
    text = "Your mailbox is almost full. 1.9 GB of 2 GB are used."
    own = judged("Microsoft Outlook <microsoftexchange329e@chu-aurore.fr>", text, passed=False)
    assert own.verdict is Verdicts.CLEAN
    forged = "Authentication-Results: mx.chu-aurore.fr; spf=fail; dmarc=fail header.from=chu-aurore.fr"
    false = judged("Microsoft Outlook <microsoftexchange329e@chu-aurore.fr>", FULL, forged, passed=False)
    assert "mail.from.claims-brand" in rules(false)
    assert false.verdict in ALARM


def test_a_mail_within_one_domain_that_leads_nowhere_may_be_called_like_its_program() -> None:
    sender, text = "Microsoft Outlook <microsoftexchange329e@clinique-lys.fr>", "Your mailbox is almost full."
    inside = "To: a@clinique-lys.fr"
    assert judged(sender, text, inside, passed=False).verdict is Verdicts.CLEAN
    led = judged(sender, f"{FULL} https://relay-office.top/keep", inside, passed=False)
    assert "mail.brand.sender" in rules(led)
    assert led.verdict in ALARM
    asked = judged(sender, FULL, inside, "Reply-To: desk@relay-office.top", passed=False)
    assert "mail.brand.sender" in rules(asked)


@pytest.mark.parametrize(
    ("host", "told"), [("spam.chu-aurore.fr", False), ("chu-aurore.fr.relay-office.top", True), ("relay.fr", True)]
)
def test_the_house_knows_its_people_by_their_address(host: str, *, told: bool) -> None:
    text = f"3 messages are held: https://{host}/q?u=agent@chu-aurore.fr"
    assert ("mail.link.recipient" in rules(judged("Antispam <antispam@chu-aurore.fr>", text))) is told


def test_a_machine_of_the_house_that_says_it_is_one_may_write() -> None:
    hop = "Received: by srv1.clinique-lys.fr (Postfix, from userid 0) id 4F; Mon, 2 Mar 2026 08:00:00 +0100"
    inside = ("To: root@srv1.clinique-lys.fr", hop)
    path = "Return-Path: <root@srv1.clinique-lys.fr>"
    own = judged("root@srv1.clinique-lys.fr", "backup: error 12", *inside, path, passed=False)
    assert not rules(own) & {"mail.return-path.machine", "mail.header.script"}
    other = judged("Direction <dg@clinique-lys.fr>", "backup: error 12", *inside, path, passed=False)
    assert {"mail.return-path.machine", "mail.header.script"} <= rules(other)


CONSENT = (
    "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=1&scope={}&redirect_uri=https://{}/cb"
)


@pytest.mark.parametrize(
    ("scope", "to", "told"),
    [
        ("Mail.ReadWrite%20offline_access", "bright-harbor.net", True),
        ("openid%20profile%20User.Read", "bright-harbor.net", False),
        ("Mail.Read", "outlook.office.com", False),
        ("Mail.Read", "planning.chu-aurore.fr", False),
    ],
)
def test_a_strangers_program_wants_rights_at_a_genuine_page(scope: str, to: str, *, told: bool) -> None:
    text = f"<p>Your calendar is ready.</p><a href='{CONSENT.format(scope, to)}'>Allow</a>"
    found = judged("Calendar <info@bright-harbor.net>", text, kind="text/html")
    assert ("mail.order.consent" in rules(found)) is told
    assert (found.verdict in ALARM) is told


@pytest.mark.parametrize(("name", "told"), [("SFX", False), ("Support SFX", True), ("Support", True)])
def test_a_short_name_that_is_the_domain_names_its_owner(name: str, *, told: bool) -> None:
    text = "<p>Your project is incomplete.</p><a href='https://agence-projets.fr/login'>Submit</a>"
    found = judged(f"{name} <noreply@sfx.fr>", text, kind="text/html")
    assert ("mail.order.anonymous" in rules(found)) is told


def test_where_a_domain_does_not_say_who_may_write_for_it_a_missing_voucher_weighs_less() -> None:
    found = {}
    for result in ("none", "fail"):
        said = f"Authentication-Results: mx.chu-aurore.fr; dkim=pass header.d=sendgrid.net; dmarc={result}"
        told = judged("ANSM <lettre@ansm.sante.fr>", "Rappel de lot", said, passed=False)
        found[result] = {one.rule: one.weight for one in told.findings}
    assert found["none"]["mail.auth.unaligned"] < found["fail"]["mail.auth.unaligned"]
    assert "mail.from.unvouched" not in found["none"]
    assert "mail.from.unvouched" in found["fail"]


def test_a_customers_host_at_a_service_wears_its_name_rightly() -> None:
    text = "Your leave was approved. <a href='https://chu-aurore.{}/timmi/1'>See</a>"
    for service, false in (("ilucca.net", False), ("portal-rh.net", True)):
        found = rules(judged("Lucca <no-reply@lucca.fr>", text.format(service), kind="text/html"))
        assert ("mail.link.lookalike-own" in found) is false


@pytest.mark.parametrize(("name", "rule"), [("build.sh", "carried.shell"), ("build.js", "carried.script")])
def test_a_shell_script_weighs_less_than_what_a_double_click_runs(name: str, rule: str) -> None:
    text = f"--b\r\nContent-Type: text/plain; name={name}\r\n\r\n#!/bin/sh\r\nmake all\r\n--b--\r\n"
    told = judged("Volker <v@kde.org>", text, kind="multipart/mixed; boundary=b")
    assert rule in rules(told)
    assert (told.verdict in ALARM) is (rule == "carried.script")


@pytest.mark.slow
def test_fresh_stories_are_told_apart_from_their_honest_twins() -> None:
    engine = Engine(own=(OWN,))
    for kind, least, most in (("fresh-phishing", 0.75, 1.0), ("fresh-honest", 0.0, 0.01)):
        told = [engine.judge(one.raw, "a.eml").verdict in ALARM for one in made_mails(kind, range(2))]
        assert least * len(told) <= sum(told) <= most * len(told), kind


HELD = "<p>Your parcel is held, its delivery failed.</p><p>Update your account or it will be suspended.</p>"
FOOT = "<a href='https://www.facebook.com/USPS'>f</a><a href='https://play.google.com/store/apps?id=com.usps'>App</a>"


@pytest.mark.parametrize(
    ("link", "home"),
    [
        ("https://tools.usps.com/go/Track?l=92", True),
        ("https://tools.usps.com.relay-office.top/go", False),
        ("https://relay-office.top/go", False),
        ("https://tools.usps.com/go?to=https%3A%2F%2Frelay-office.top", False),
        ("https://tools.usps.com@relay-office.top/go", False),
        ("https://sites.google.com/view/usps", False),
    ],
)
def test_a_carriers_notice_that_only_leads_to_itself_asks_for_nothing_a_thief_could_use(
    link: str, *, home: bool
) -> None:
    text = f"{HELD}<a href='https://www.usps.com/'>USPS</a><a href='{link}'>Track</a>{FOOT}"
    found = judged("USPS <auto-reply@usps.com>", text, kind="text/html", passed=False)
    asked = {one.rule: one.weight for one in found.findings if one.rule.startswith("mail.lure.")}
    assert (asked["mail.lure.parcel"] == 0.175) is home
    assert found.verdict is Verdicts.CLEAN or not home


@pytest.mark.parametrize(
    ("sender", "more"),
    [
        ("Parcels <info@bright-harbor.net>", ()),
        ("USPS <auto-reply@usps.com>", ("Reply-To: desk@relay-office.top",)),
        ("Mail team <team@gmail.com>", ()),
    ],
)
def test_leading_home_counts_for_known_organisations_that_are_answered_there(
    sender: str, more: tuple[str, ...]
) -> None:
    domain = sender.rpartition("@")[2].rstrip(">")
    found = judged(sender, f"{HELD}<a href='https://{domain}/go'>Track</a>", *more, kind="text/html", passed=False)
    assert max(one.weight for one in found.findings if one.rule == "mail.lure.parcel") > 0.175


@pytest.mark.parametrize(
    ("sender", "answers", "link", "told"),
    [
        ("Kurier DPD (via Poczta Allegro) <a@allegromail.pl>", "k@dpd.com.pl", "tracktrace.dpd.com.pl", False),
        ("Kurier DPD (via Poczta Allegro) <a@allegro-poczta.pl>", "k@dpd.com.pl", "dpd.bright-harbor.com.pl", True),
        (
            "Canada Post <no@communications.canadapost-postescanada.ca>",
            "",
            "t.communications.canadapost-postescanada.ca",
            False,
        ),
        ("Canada Post <no@canadapost-delivery.ca>", "", "t.canadapost-delivery.ca", True),
    ],
)
def test_national_and_sister_domains_of_carriers_are_theirs(
    sender: str, answers: str, link: str, *, told: bool
) -> None:
    more = (f"Reply-To: {answers}",) if answers else ()
    found = judged(sender, f"<p>Today.</p><a href='https://{link}/p?1=2'>Parcel</a>", *more, kind="text/html")
    worn = {"mail.from.claims-brand", "mail.brand.sender", "mail.link.brand-elsewhere", "mail.brand.name"}
    assert bool(worn & rules(found)) is told
