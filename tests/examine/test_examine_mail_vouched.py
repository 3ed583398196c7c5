"""Who vouches for a mail, as servers write it down, and how far that is believed of small senders and of services."""

from __future__ import annotations

import pytest

from safecare.examine.api import Verdict
from safecare.examine.engine import Engine
from safecare.examine.mail.analyser import facts_of
from safecare.examine.mail.vouch import vouched
from safecare.formats.mail import read_mail

ENGINE = Engine(own=("chu-aurore.fr",))
CLICKS = '<a href="https://click.letters.example/c/1"><img src="https://letters.example/{0}.png" alt="{0}"></a>'


def raw(results: str, sender: str, html: str, subject: str = "Nouvelles") -> bytes:
    return (
        f"Authentication-Results: mx.chu-aurore.fr; {results}\nFrom: {sender}\nTo: agent@chu-aurore.fr\n"
        f"Subject: {subject}\nMessage-ID: <1.2@letters.example>\nContent-Type: text/html\n\n{html}\n"
    ).encode()


def judged(*told: str) -> Verdict:
    return ENGINE.judge(raw(*told), "a.eml")


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ("dkim=pass (2048-bit key; unprotected) header.d=letters.example header.b=Ab1", True),  # as OpenDKIM writes
        ("dkim=pass header.d=letters.example", True),
        ("dkim=pass header.i=@letters.example header.s=s1", True),
        ("dkim=pass header.d=mailer.example header.i=@mailer.example", False),
        ("dkim=fail (bad signature; unprotected) header.d=letters.example", False),
        ("spf=pass smtp.mailfrom=bounce@letters.example", True),
    ],
)
def test_a_signature_of_the_senders_domain_vouches_for_it(results: str, *, told: bool) -> None:
    facts = vouched(read_mail(raw(results, "a@letters.example", "x")).mime.headers, "letters.example")
    assert ("mail.auth.aligned" in facts) == told


PROGRAMME = "<a href='https://far.example/fete'>Programme de la fête</a>"


@pytest.mark.parametrize(
    ("results", "lenient"),
    [
        ("dkim=pass header.d=mailer.example; dmarc=fail (p=none dis=none) header.from=small.example", True),
        ("spf=pass smtp.mailfrom=mailer.example; dmarc=fail action=none header.from=small.example", True),
        ("dkim=pass header.d=mailer.example; dmarc=fail (p=reject dis=none) header.from=small.example", False),
        ("spf=fail smtp.mailfrom=small.example; dmarc=fail (p=none) header.from=small.example", False),
    ],
)
def test_a_domain_that_asks_nothing_weighs_less_where_its_service_is_vouched_for(
    results: str, *, lenient: bool
) -> None:
    facts = vouched(read_mail(raw(results, "a@small.example", "x")).mime.headers, "small.example")
    assert ("mail.auth.dmarc.lenient" in facts) == lenient
    weights = {one.rule: one.weight for one in judged(results, "a@small.example", PROGRAMME).findings}
    assert (weights["mail.auth.dmarc.fail"] < 0.3) == lenient


SIGNED = "dkim=pass header.d={0}; dmarc=pass header.from={0}"


def test_a_row_of_networks_at_the_foot_of_a_letter_is_no_logo() -> None:
    foot = "".join(CLICKS.format(one) for one in ("Facebook", "LinkedIn", "Instagram"))
    words = "Votre compte adhérent va expirer, confirmez votre compte."
    told = judged(SIGNED.format("letters.example"), "Lettres <a@letters.example>", words + foot)
    assert "mail.brand.spoken" not in {one.rule for one in told.findings}
    told = judged(SIGNED.format("letters.example"), "Lettres <a@letters.example>", words + CLICKS.format("Facebook"))
    assert "mail.brand.spoken" in {one.rule for one in told.findings}


RESET = (
    "Your {1} account will be suspended, please verify your account. "
    "<a href='https://www.{0}/reset?email=agent@chu-aurore.fr'>Verify</a>"
)


@pytest.mark.parametrize(
    ("sender", "page", "clean"),
    [
        ("Overleaf <welcome@overleaf.com>", "overleaf.com", True),
        ("Overleaf <welcome@overleaf.com>", "overleaf-pages.top", False),
        ("Ovrlf Support <welcome@overleaf.com>", "overleaf.com", False),
    ],
)
def test_a_service_that_only_speaks_of_itself_imitates_nobody(sender: str, page: str, *, clean: bool) -> None:
    message = raw(SIGNED.format("overleaf.com"), sender, RESET.format(page, "Overleaf"), "Password reset")
    mail = read_mail(message, ("chu-aurore.fr",))
    assert ("mail.from.itself" in facts_of(mail, ("chu-aurore.fr",))) == clean
    rules = {one.rule for one in ENGINE.judge(message, "a.eml").findings}
    assert ("mail.link.prefilled" in rules) != clean


@pytest.mark.parametrize(
    ("sender", "told"), [("WeTransfer <noreply@wetransfer.com>", False), ("Files <noreply@files.example>", True)]
)
def test_an_organisation_may_have_pages_at_a_service_of_others(sender: str, *, told: bool) -> None:
    domain = sender.rpartition("@")[2].strip(">")
    message = raw(
        SIGNED.format(domain), sender, "<a href='https://wetransfer.zendesk.com/help'>Help</a> Your files wait."
    )
    found = facts_of(read_mail(message, ("chu-aurore.fr",)), ("chu-aurore.fr",))
    assert ("mail.link.brand-elsewhere" in found) is told


def test_a_threat_is_one_whoever_signs_it() -> None:
    words = "I recorded you. Pay 900 dollars in bitcoin within 48 hours, or your contacts see it.<br>xx"
    told = judged(SIGNED.format("gmail.com"), "Anna <anna.k@gmail.com>", words)
    assert "mail.order.ransom" in {one.rule for one in told.findings}


@pytest.mark.parametrize(("signed", "clean"), [("Kuss, Mama", True), ("Ihr Kurierdienst", False)])
def test_relatives_speak_of_parcels_and_money_too(signed: str, *, clean: bool) -> None:
    words = f"Das Paket wartet, bitte bestätigen Sie die Zustellung. Überweise mir noch die 60 Euro.<br>{signed}"
    told = judged(SIGNED.format("web.de"), "Hanna Weiss <hanna.weiss@web.de>", words)
    assert ("mail.order.advance" in {one.rule for one in told.findings}) != clean
