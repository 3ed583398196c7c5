"""Mails: what attackers do is found, what hospitals get every day is not. Mails are made up after public reports."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from examine_mails import page_mail as mail
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.mail.evidence import EVIDENCE
from safecare.examine.mail.lures import LURES, MEANINGS, lures
from safecare.examine.mail.names import alarming, hosted, random_name
from safecare.examine.mail.vouch import gateway, vouched
from safecare.scenarios.make.mail import benign_mails

ENGINE = Engine(own=("aurore.example",))
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def rules(raw: bytes) -> set[str]:
    return {one.rule for one in ENGINE.judge(raw, "a.eml").findings}


FORGED = "mx.aurore.example; spf=softfail smtp.mailfrom=x.example; dkim=none; dmarc=fail header.from=bank.example"
ATTACKS = {
    "account": mail(
        "Microsoft account team <no-reply@access-accsecurity.com>",
        "Microsoft account unusual sign-in activity",
        "We detected an unusual sign-in to your account. <a href='mailto:a1@gmail.com'>Report the user</a>",
        Reply_To="a1@gmail.com",
        Authentication_Results="mx.aurore.example; spf=none smtp.mailfrom=th.example; dkim=none; dmarc=permerror",
    ),
    "prize by address": mail(
        "Gutschein, jehd <service@friends.example>",
        "wir gratulieren",
        "Sie gehören zu den Auserwählten. <a href='http://192.0.2.14/cl/1'>Gutschein sichern</a>",
        Authentication_Results="mx.aurore.example; spf=pass smtp.mailfrom=crossword.live; dkim=none; dmarc=none",
    ),
    "colis": mail(
        "Chronopost <info@suivi-colis.top>",
        "Votre colis est en attente",
        "Votre colis est retenu, des frais de douane restent dus. <a href='https://suivi-colis.top/p'>Payer</a>",
        Authentication_Results=FORGED,
    ),
    "fortune": mail(
        "Philip <p@cyber.example>",
        "Donation",
        "I decided to donate 10.5 million dollars from my fund to you, beneficiary. Email me.",
        Reply_To="p3690@gmail.com",
        Authentication_Results=FORGED,
    ),
    "filter": mail(
        "Shop <a@shop.example>",
        "Hello",
        "Hello <a href='https://shop.example/'>shop</a>",
        X_MS_Exchange_Organization_SCL="9",
    ),
    "homoglyph": mail("PayPal <a@pаypal.com>", "x", "Confirm your account <a href='https://pаypal.com/'>here</a>"),
    "broken into": mail(
        "IT <it@other.example>",
        "Password expires",
        "Your password expires today, confirm your account now: <a href='https://shop.example/wp-includes/x/'>keep</a>",
        Authentication_Results=FORGED,
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_found(name: str) -> None:
    verdict = ENGINE.judge(ATTACKS[name], "a.eml")
    assert verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), verdict


ALIGNED = "mx.aurore.example; spf=pass smtp.mailfrom=news.example; dkim=pass header.d=news.example; dmarc=pass"
HARMLESS = {
    "newsletter": mail(
        "News <news@news.example>",
        "Last chance: register today",
        "<p>Register now, only today.</p><a href='https://click.esp.example/1'>Click here to confirm your seat</a>"
        "<a href='https://click.esp.example/2'>Unsubscribe</a>",
        Authentication_Results=ALIGNED,
        List_Unsubscribe="<https://click.esp.example/2>",
    ),
    "colleague": mail(
        "Anna <anna@aurore.example>", "Re: planning", "See you at 10.", In_Reply_To="<2@x>", References="<2@x>"
    ),
    "invoice": mail(
        "Fournisseur <compta@news.example>",
        "Facture 1234",
        "Bonjour, veuillez trouver notre facture. Cordialement",
        Authentication_Results=ALIGNED,
    ),
    "reset asked for": mail(
        "GitHub <noreply@github.com>",
        "Please reset your password",
        "<a href='https://github.com/password_reset/x'>Reset your password</a>",
        Authentication_Results="mx.aurore.example; spf=pass smtp.mailfrom=github.com; dmarc=pass",
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_everyday_mails_are_clean(name: str) -> None:
    verdict = ENGINE.judge(HARMLESS[name], "a.eml")
    assert verdict.verdict is Verdicts.CLEAN, verdict


@pytest.mark.slow
def test_made_everyday_mails_are_clean() -> None:
    found = [ENGINE.judge(raw, "a.eml") for raw in benign_mails(150, seed=5, at=AT, to="user1@aurore.example")]
    assert [one for one in found if one.score >= 0.5] == []


def test_only_an_aligned_check_vouches() -> None:
    message = EmailMessage()
    message["Authentication-Results"] = "mx; spf=pass smtp.mailfrom=other.example; dkim=pass header.d=other.example"
    assert "mail.auth.unaligned" in vouched(message, "news.example")
    assert "mail.auth.aligned" in vouched(message, "other.example")
    assert vouched(EmailMessage(), "other.example") == set()


def test_a_good_word_of_a_filter_gives_nothing_and_a_bad_one_counts() -> None:
    message = EmailMessage()
    message["X-Spam-Status"] = "No, score=-5"
    assert gateway(message) == set()
    message["X-Spam-Flag"] = "YES"
    assert gateway(message) == {"mail.gateway.spam"}


@pytest.mark.parametrize(
    ("text", "lure"),
    [
        ("your account has been suspended", "mail.lure.account"),
        ("votre compte sera bloque, verifiez vos informations", "mail.lure.account"),
        ("felicitations, vous avez gagne un cadeau a reclamer", "mail.lure.prize"),
        ("i was filmed. i recorded you by webcam, pay in bitcoin", "mail.lure.extortion"),
        ("ihr paket wartet, gebuhr bestatigen", "mail.lure.parcel"),
        ("seu cartao tem pontos que expiram hoje, resgate agora", "mail.lure.prize"),
        ("confirm the recovery phrase of your metamask wallet", "mail.lure.crypto"),
    ],
)
def test_lures_in_several_languages(text: str, lure: str) -> None:
    assert lure in lures(text)


def test_every_lure_has_its_meanings_and_its_weight() -> None:
    for lure, wanted in LURES:
        assert set(wanted) <= MEANINGS.keys()
        assert lure in EVIDENCE


def test_names_of_hosts() -> None:
    assert alarming("secure-login.example")
    assert alarming("access-accsecurity.com")
    assert not alarming("chu-marseille.example")
    assert random_name("x7k2q9zt4.example")
    assert not random_name("centre-hospitalier.example")
    assert hosted("evil.pages.dev")
    assert not hosted("pages.example")


def test_who_sends_from_a_machine_of_its_own() -> None:
    assert "mail.return-path.machine" in rules(mail("B <b@b.example>", "x", "y", Return_Path="root@ubuntu-1"))


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    verdict = ENGINE.judge(b"From: a@b.example\nTo: c@d.example\n" + raw, "a.eml")
    assert not [one for one in verdict.findings if one.rule.endswith(".failed")]


@pytest.mark.slow
def test_few_false_alarms_on_the_spamassassin_corpus() -> None:
    folder = Path(os.environ.get("SAFECARE_DATA", "/nowhere")) / "spamassassin"
    files = sorted(folder.glob("*ham*/*.txt"))[::10]
    if not files:
        pytest.skip("no data: SAFECARE_DATA/spamassassin")
    flagged = sum(ENGINE.judge(path.read_bytes(), "a.eml").score >= 0.5 for path in files)
    assert flagged <= 0.01 * len(files)
