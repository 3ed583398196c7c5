"""Marks of mass mailers and lures in more languages: what is found, and what honest mail of the same look keeps clear.

Made up in the form of mails that a public trap received in 2022 to 2026; none of them is copied.
"""

from __future__ import annotations

from email.header import Header
from email.message import EmailMessage

import pytest

from safecare.examine.api import Verdict
from safecare.examine.engine import Engine
from safecare.examine.mail.kits import kits
from safecare.formats.mail import read_mail

TO = "camille.durand@chu-aurore.fr"
ENGINE = Engine(own=("chu-aurore.fr",))
PASSED = "mx.chu-aurore.fr; spf=pass smtp.mailfrom={0}; dkim=pass header.d={0}; dmarc=pass header.from={0}"


def mail(sender: str, subject: str, html: str, headers: str = "", results: str = "") -> bytes:
    """Return a mail that `sender`'s domain vouches for, or one with other `results`; `headers` stand on top."""
    domain = sender.rpartition("@")[2].strip(">")
    return (
        f"{headers}Authentication-Results: {results or PASSED.format(domain)}\n"
        f"From: {sender}\nTo: <{TO}>\nSubject: {subject}\nDate: Tue, 14 Apr 2026 09:12:00 +0200\n"
        f"Message-ID: <1@mail.example>\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
        f"<html><body>{html}</body></html>\n"
    ).encode()


def facts(raw: bytes, display: str = "", domain: str = "garage-moreau.it") -> set[str]:
    return kits(read_mail(raw), display, domain)


def judged(raw: bytes) -> Verdict:
    return ENGINE.judge(raw, "a.eml")


PLAIN = mail("Jean Moreau <j@garage-moreau.it>", "Devis", "Bonjour, voici le devis.")


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ("", False),
        ("List-ID: <a.xt.local>\nList-ID: <b.xt.local>\n", True),
        ("Received: from a (b) by c\nReceived: from d (e) by f\n", False),
        (f"In-Reply-To: <{'Kj12' * 300}@x.edu>\n", True),
        ("In-Reply-To: <1@a.fr>\nReferences: <1@a.fr> <2@a.fr>\n", False),
    ],
)
def test_fields_that_no_mail_program_writes(headers: str, *, told: bool) -> None:
    raw = headers.encode() + PLAIN
    assert ("mail.header.twice" in facts(raw)) == told


@pytest.mark.parametrize(
    ("results", "domain", "told"),
    [
        ("spf=none smtp.helo=x.com; dkim=none; dmarc=none action=none header.from=;", "garage-moreau.it", True),
        ("mx; dmarc=pass header.from=garage-moreau.it", "garage-moreau.it", False),
        ("mx; spf=pass smtp.mailfrom=a.fr", "'nfbvcv.com", True),
        ("mx; spf=pass smtp.mailfrom=a.fr", "ff]l+wq.kop165.com", True),
        ("mx; spf=pass smtp.mailfrom=a.fr", "hôpital-aurore.fr", False),
        ("mx; spf=pass smtp.mailfrom=a.fr", "[192.0.2.7]", False),
        ("mx; spf=pass smtp.mailfrom=a.fr", "", False),
    ],
)
def test_senders_that_no_server_can_check(results: str, domain: str, *, told: bool) -> None:
    raw = mail("X <x@garage-moreau.it>", "Devis", "Bonjour", results=results)
    assert ("mail.from.unreadable" in facts(raw, domain=domain)) == told


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ("Return-Path: <>\n", True),
        ("Return-Path: <a@b.fr>\n", False),
        ("Return-Path: <>\nAuto-Submitted: auto-replied\n", False),
        ("Return-Path: <>\nX-Failed-Recipients: a@b.fr\n", False),
        ("", False),
    ],
)
def test_mail_that_wants_no_reports(headers: str, *, told: bool) -> None:
    assert ("mail.return-path.none" in facts(headers.encode() + PLAIN)) == told


@pytest.mark.parametrize(
    ("display", "domain", "told"),
    [
        ("AVISO DE COMPRA - 4028389522", "gmail.com", True),
        ("Informa: Conta - Cod.VXfQMHkaoGC4YFK4kX1", "outlook.com", True),
        ("Marie Duval", "gmail.com", False),
        ("Marie Duval 1987", "gmail.com", False),
        ("Laboratoire 4028389522", "labo-aurore.fr", False),
    ],
)
def test_private_mail_boxes_that_are_called_by_a_code(display: str, domain: str, *, told: bool) -> None:
    assert ("mail.from.coded" in facts(PLAIN, display, domain)) == told


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("Notificacao de Credito-HDvRHTDRqwS7abE", True),
        ("Commande CMD20260414001234 expédiée", False),
        ("[depot] Merge branch main (a1b2c3d4e5f67890)", False),
        ("Votre COVID-19 et SARSCoV2", False),
        ("RE: Réunion PACS", False),
    ],
)
def test_subjects_that_end_in_a_drawn_code(subject: str, *, told: bool) -> None:
    raw = mail("X <x@garage-moreau.it>", subject, "Bonjour")
    assert ("mail.header.coded-subject" in facts(raw)) == told


@pytest.mark.parametrize(
    ("name", "more", "told"),
    [
        ('"You have a new incoming transfer. Order the withdrawal of funds transfer705.example/evas-dparun"', "", True),
        ('"=?utf-8?q?Vous_avez_gagn=C3=A9_un_lot=2C_r=C3=A9clamez-le_sur_https=3A//lot=2Eexample/g7hd?="', "", True),
        (
            '"Liste des utilisateurs du logiciel, archives sur https://listes.example/archives"',
            "List-Post: <x>\n",
            False,
        ),
        ('"Dr. Marie-Christine de La Tour d\'Auvergne, service de cardiologie et soins intensifs"', "", False),
        ('"https://listes.example/archives/de/la/liste/des/utilisateurs/du/logiciel/libre"', "", False),
    ],
)
def test_readers_whose_name_is_a_lure(name: str, more: str, *, told: bool) -> None:
    raw = mail("K <hi@cadeaux.example>", "Nouvelles", "Bonjour", more).replace(b"To: ", f"To: {name} ".encode(), 1)
    assert ("mail.to.lure" in facts(raw)) == told


def test_a_subject_that_calls_the_reader_by_the_address() -> None:
    assert "mail.header.address-subject" in facts(mail("X <x@a.fr>", f"{TO}, votre lot", "x"))
    assert "mail.header.address-subject" not in facts(mail("X <x@a.fr>", "contact@a.fr ne répond plus", "x"))


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ('<img src="https://i.example/a.jpg"><img src="//i.example/a.jpg">', True),
        ('<img src="//i.example/a.jpg">', False),
        ('<img src="https://i.example/a.jpg"><img src="https://i.example/a.jpg">', False),
        ('<img src="https://i.example/a.jpg"><img src="//i.example/b.jpg">', False),
    ],
)
def test_pictures_under_two_addresses(html: str, *, told: bool) -> None:
    assert ("mail.html.picture-twice" in facts(mail("X <x@a.fr>", "x", html))) == told


@pytest.mark.parametrize(
    ("target", "fact"),
    [
        ("https://storage.googleapis.com/nolimit/a3.html#4OWU383", "mail.link.store-page"),
        ("https://mkro.s3.us-east-2.amazonaws.com/vali.html#cl/267", "mail.link.store-page"),
        ("https://storage.googleapis.com/report/q1.pdf", ""),
        ("https://docs.python.org/3/library/re.html#flags", ""),
        ("http://ðvJ2tŸge653p.rentals.example/r.php", "mail.link.odd-host"),
        ("http://chu-\u200baurore.example/", "mail.link.odd-host"),
        ("https://hôpital.example/été-2026", ""),
        ("https://chu-aurore.example/été", ""),
    ],
)
def test_links_that_only_mass_mailers_write(target: str, fact: str) -> None:
    found = facts(mail("X <x@a.fr>", "x", f'<a href="{target}">Lire</a>'))
    assert {one for one in found if one.startswith("mail.link")} == ({fact} if fact else set())


DRAWN = "7Kqwert1234Abcd88abcdefghij9120ABCDEFGHIJKLMNO771204"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (f"http://go.garage-moreau.it/{DRAWN}QRST12z7", True),
        (f"https://store.example/page.html#{DRAWN}", True),
        (
            "https://mail.service.example/e3t/Ctc/RE+113/cJnTr04/VVQn7F8t7Yg5W8l6gTn4Xk0ABCDEFGHIJKLMNOPN3abcdefghij12",
            False,
        ),
        ("https://shop.example/track/5f2504e04f8911d39a0c0305e82c3301/CAMPAIGN-NOVEMBER-2026", False),
    ],
)
def test_addresses_as_one_program_draws_them(target: str, *, told: bool) -> None:
    raw = mail("Jean Moreau <j@garage-moreau.it>", "Devis", f'<a href="{target}">Voir</a>')
    assert ("mail.link.drawn" in facts(raw)) == told


@pytest.mark.parametrize(
    ("html", "told"),
    [
        (
            "<style>.spacer { height: 2000vh }</style><a href='https://a.example'>x</a><div class=spacer></div>tarte",
            True,
        ),
        ('<div style="min-height:100vh">bonjour</div>', False),
        ("<p>une page haute de 2000 mm, vhs</p>", False),
    ],
)
def test_text_that_nobody_scrolls_to(html: str, *, told: bool) -> None:
    assert ("mail.html.pushed" in facts(mail("J <j@garage-moreau.it>", "Devis", html))) == told


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("V.otre e.space est plein", True),
        ("M.Dupont vous attend", False),
        ("a.b.c et www.exemple.fr, etc.", False),
    ],
)
def test_words_of_a_subject_that_stops_break_up(subject: str, *, told: bool) -> None:
    assert ("mail.header.broken-words" in facts(mail("J <j@garage-moreau.it>", subject, "x"))) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("M\U000e0139\U000e0139icro\U000e0139soft accounts", True),
        ("Ber\u200btrand Durand", True),
        ("Léa ❤\ufe0f Martin", False),
        ("Famille 👨\u200d👩\u200d👧 Petit", False),
        ("渡邉\U000e0101太郎", False),
        ("علی\u200cرضا", False),
    ],
)
def test_names_that_invisible_signs_break_up(name: str, *, told: bool) -> None:
    sender = f"{Header(name, 'utf-8').encode()} <j@garage-moreau.it>"
    found = {one.rule for one in judged(mail(sender, "Devis", "Bonjour, voici le devis.")).findings}
    assert ("mail.text.disguised" in found) == told
    assert ("mail.from.claims-brand" in found) == ("accounts" in name)


LURES = {
    "a bill to dispute, in Portuguese": mail(
        "AVISO DE COMPRA - 4028389 <jon.attebery647@gmail.com>",
        "Aviso de compra",
        "Compra de R$1.299,99 retida para analise. Caso não reconheça, ligue para a área de segurança: 0800-400-9030",
    ),
    "an account, from a private mail box": mail(
        "Informa BB <martha.c@gmail.com>",
        "Liberação",
        "Prezado cliente, bloqueamos sua conta. Mais informações em anexo.",
    ),
    "a voucher in a known name that nothing vouches for": mail(
        "Decathlon-Gutschein <reply@telekom.de>",
        "Gutschein im Wert von 1.000 Euro",
        'Wir verlosen einen Gutschein. Jetzt eintragen: <a href="https://wear-prodct.com/?a=8256">Jetzt eintragen</a>',
        results="spf=softfail smtp.mailfrom=telekom.de; dkim=none; dmarc=none header.from=telekom.de",
    ),
    "a picture that leads on": mail(
        "Sampler <p@mons.uk.com>",
        "Steak Sampler",
        '<a href="https://storage.googleapis.com/n/a.html#4OWU"><h2>Claim</h2><img src="https://z.example/a.png">'
        '<img src="//z.example/a.png"></a>',
    ),
    "an heiress who answers": mail(
        "Jane Konan <jkonan1157@gmail.com>",
        "Re: NEED YOUR HELP",
        "I need your help to secure my inheritance funds. The amount of the money is US$16,750,000.00 in a bank here.",
        headers="In-Reply-To: <1@a.example>\nReferences: <1@a.example>\n",
    ),
    "free spins": mail(
        "FamBet <noreply@abt2-73537.firebaseapp.com>",
        "300 Gratis-Freispiele",
        'Ihr Casino Bonus wartet: jetzt einlösen <a href="https://worldsupp.example/4lb">Bonus anfordern</a>',
    ),
    "a parcel, in Dutch": mail(
        "Fedex Pakket <hq@ff]l+wq.kop165.com>",
        "Uw bestelling",
        "Uw pakket kan niet worden bezorgd door een adresfout: werk uw adres bij. "
        '<a href="https://storage.googleapis.com/n/fedex.html">Adres</a>',
        results="spf=none smtp.helo=kop165.com; dkim=none; dmarc=none header.from=;",
    ),
}

HONEST = {
    "a parcel of a shop, in German": mail(
        "Thalia <service@thalia.de>",
        "Ihre Bestellung wurde versandt",
        'Ihr Paket mit der Sendungsnummer 00340434 ist unterwegs. <a href="https://www.thalia.de/konto">Sendung</a>',
    ),
    "a bank statement, in Dutch": mail(
        "Rabobank <noreply@rabobank.nl>",
        "Nieuw afschrift",
        'Beste klant, er staat een nieuw afschrift klaar. <a href="https://www.rabobank.nl">Inloggen</a>',
    ),
    "a congress, in Spanish": mail(
        "Congreso SEMI <congreso@semi2026.es>",
        "Confirmación de inscripción",
        'Estimada doctora, confirmamos su inscripción. <a href="https://semi2026.es/programa">Programa</a>',
    ),
    "a relative with a provider of mail boxes": mail(
        "Marie Durand <marie.durand@web.de>", "Wochenende", "Liebe Camille, danke für das Geschenk! Bis Samstag."
    ),
    "a craftsman with a private mail box": mail(
        "Plomberie Martin <plomberie.martin@orange.fr>",
        "Facture de mars",
        "Chère cliente, veuillez trouver ci-joint la facture de mars. Bien cordialement, P. Martin",
    ),
    "an inheritance among relatives": mail(
        "Paul Durand <paul.durand@gmail.com>",
        "Re: Succession de papa",
        "Le notaire estime la succession de papa, maison comprise, à 240 000 €. On signe mardi.",
        headers="In-Reply-To: <1@a.example>\nReferences: <1@a.example>\n",
    ),
    "a purchase to check, from the bank": mail(
        "Banco Santander <avisos@santander.com>",
        "Aviso de compra",
        "Compra de R$ 129,90 em FARMACIA. Se não reconhece, ligue para a central no verso do cartão.",
    ),
    "a colleague of a known firm, passed on": mail(
        "Anna Weber <anna.weber@siemens.com>",
        "AW: Wartung MRT",
        "Hallo Camille, die Wartung ist am Dienstag. Gruss, Anna",
        headers="In-Reply-To: <1@a.example>\nReferences: <1@a.example>\n",
        results="mx.chu-aurore.fr; spf=fail smtp.mailfrom=siemens.com; dkim=none; dmarc=none header.from=siemens.com",
    ),
}


@pytest.mark.parametrize("name", LURES)
def test_lures_are_found(name: str) -> None:
    verdict = judged(LURES[name])
    assert verdict.score >= 0.5, verdict.findings


@pytest.mark.parametrize("name", HONEST)
def test_honest_mail_of_the_same_look_is_left_alone(name: str) -> None:
    verdict = judged(HONEST[name])
    assert verdict.score < 0.5, verdict.findings


def test_the_filter_of_the_tenant_that_sent_it_on_is_believed() -> None:
    raw = b"X-Forefront-Antispam-Report-Untrusted: CIP:192.0.2.1;SCL:6;SFV:SPM;CAT:OSPM;\n" + PLAIN
    assert "mail.gateway.spam" in {one.rule for one in judged(raw).findings}
    message = EmailMessage()
    message["X-Forefront-Antispam-Report-Untrusted"] = "CIP:192.0.2.1;SCL:1;SFV:NSPM;CAT:NONE;"
    assert not {one.rule for one in judged(message.as_bytes()).findings} & {"mail.gateway.spam", "mail.gateway.sure"}
