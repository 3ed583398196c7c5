"""Orders in other languages than French and English, debts that press, and mail boxes that stand in for others."""

from __future__ import annotations

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

ENGINE = Engine(own=("klinikum-aurore.de",))
ALARM = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
THREAD = "References: <7@klinikum-aurore.de>\r\nIn-Reply-To: <7@klinikum-aurore.de>\r\n"


def mail(sender: str, subject: str, text: str, more: str = "") -> bytes:
    domain = sender.rpartition("@")[2].rstrip(">")
    return (
        f"Authentication-Results: mx.klinikum-aurore.de; spf=pass smtp.mailfrom={domain}; dmarc=pass "
        f"header.from={domain}\r\nFrom: {sender}\r\nTo: a@klinikum-aurore.de\r\nSubject: {subject}\r\n"
        f"Message-ID: <1.2@{domain}>\r\n{more}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


WANTED = {
    "a false board, German": (
        mail(
            "Dr. Jonas Weiler <vorstand@mail-buero.com>",
            "Zahlung",
            "Guten Tag Frau Kern, bitte veranlassen Sie heute eine Zahlung über 24.300 EUR. Behandeln "
            "Sie das vertraulich, "
            "ich bin in Terminen. Dr. Weiler, Vorstand",
        ),
        "mail.order.payment",
    ),
    "a false board, Dutch": (
        mail(
            "J. de Boer <bestuur@kantoorpost.net>",
            "Vandaag",
            "Hoi, kun je vandaag een betaling uitvoeren van 18.400 euro? Ik zit de hele dag in een "
            "vergadering, hou het "
            "onder ons. De bestuursvoorzitter",
        ),
        "mail.order.payment",
    ),
    "a false director, Italian": (
        mail(
            "Direttore Bruni <bruni.direzione@gmail.com>",
            "Pagamento",
            "Buongiorno, deve effettuare un bonifico urgente per me. Sono in riunione, mantenga la "
            "massima riservatezza.",
        ),
        "mail.order.payment",
    ),
    "cards, Spanish": (
        mail(
            "Dra. Prieto <dra.prieto.despacho@gmail.com>",
            "Favor",
            "Hola, necesito que compre para mí cinco tarjetas de regalo Amazon y me envíe los códigos por este correo.",
        ),
        "mail.order.cards",
    ),
    "pay elsewhere, German": (
        mail(
            "Lena Huber <lena.huber77@gmail.com>",
            "Gehalt",
            "Guten Tag, ich möchte mein Gehalt ab diesem Monat auf ein neues Konto erhalten. Geht das mit der nächsten "
            "Abrechnung noch? Lena Huber",
        ),
        "mail.order.payroll",
    ),
    "a new account in a thread, Portuguese": (
        mail(
            "Ana Reis <ana.reis@equipamentos-reis.pt>",
            "Re: Fatura 77",
            "Bom dia, informamos que mudámos de banco. A nova conta bancária para os pagamentos é PT50 "
            "0035 0651 0007 4422 "
            "1908 3, por favor use esta para a fatura 77.",
            THREAD,
        ),
        "mail.order.new-account",
    ),
    "a debt that gives hours": (
        mail(
            "Forderungen <info@eintrag-register.biz>",
            "Mahnung",
            "Sehr geehrte Damen und Herren, zahlen Sie 489 EUR innerhalb von 48 Stunden auf LT98 3130 "
            "0101 2345 6781, sonst "
            "geht die Sache an ein Inkassobüro.",
        ),
        "mail.order.debt",
    ),
    "a box that stands in": (
        mail(
            "Recouvrement <societe.medic.compta@gmail.com>",
            "Facture",
            "Bonjour, la facture 118 n'est pas réglée. Notre adresse habituelle est en panne, merci de "
            "répondre ici avec "
            "l'avis de virement dès aujourd'hui.",
        ),
        "mail.order.stand-in",
    ),
}

HONEST = {
    "a payment that the house itself is asked about": mail(
        "Dr. Jonas Weiler <j.weiler@klinikum-aurore.de>", "Zahlung", "Bitte veranlassen Sie die Zahlung wie besprochen."
    ),
    "an account that stays, German": mail(
        "Kunz <kunz@kunz-medizintechnik.de>",
        "Rechnung",
        "Guten Tag, die Rechnung liegt bei. Unsere Bankverbindung hat sich nicht geändert, bitte "
        "überweisen Sie wie bisher.",
    ),
    "an account that stays, Spanish": mail(
        "Ana <ana@suministros-med.es>",
        "Cuenta",
        "Buenos días, la cuenta para el pago de la factura es la del contrato y no ha cambiado.",
    ),
    "a reminder with weeks": mail(
        "Stadtwerke <rechnung@stadtwerke-aurore.de>",
        "Mahnung",
        "Sehr geehrte Damen und Herren, bitte zahlen Sie den Abschlag bis zum 30. auf DE89 3704 "
        "0044 0532 0130 00. Danach "
        "müssten wir das gerichtliche Mahnverfahren einleiten.",
    ),
    "a patient whose other mail fails": mail(
        "Eva Lang <eva.lang@gmail.com>",
        "Termin",
        "Guten Tag, meine übliche E-Mail-Adresse ist gestört, bitte bestätigen Sie meinen Termin am Montag an diese.",
    ),
    "a meeting about pay": mail(
        "Betriebsrat <info@gewerkschaft-gesund.de>",
        "Gehalt",
        "Guten Tag, die neue Tabelle für Gehalt und Zulagen stellen wir am Montag in der Sitzung "
        "vor. Bitte kommen Sie!",
    ),
}


@pytest.mark.parametrize("name", WANTED)
def test_what_is_wanted_in_other_languages(name: str) -> None:
    raw, rule = WANTED[name]
    verdict = ENGINE.judge(raw)
    assert rule in {one.rule for one in verdict.findings}, verdict
    assert verdict.verdict in ALARM, verdict


@pytest.mark.parametrize("name", HONEST)
def test_honest_mail_in_other_languages_is_clean(name: str) -> None:
    verdict = ENGINE.judge(HONEST[name])
    assert verdict.verdict not in ALARM, verdict
    assert not [one for one in verdict.findings if one.rule.startswith("mail.order.")], verdict
