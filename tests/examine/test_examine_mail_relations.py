"""What ties a sender to reader and links: borrowed addresses are told from honest strangers."""

from __future__ import annotations

import pytest
from examine_mails import proved_mail as mail

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine

ENGINE = Engine(own=("chu-aurore.fr",))
ALARM = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)


def button(address: str, shown: str = "Ouvrir") -> str:
    return f'<a href="{address}">{shown}</a>'


BORROWED = {
    "a service in a bakery's mail box, leading to a farm": (
        mail("Archives <archives@boulangerie-petit.fr>", "Dépôt", button("https://ferme-du-lac.be/x/1")),
        "mail.order.anonymous",
    ),
    "a service that leads to its own made domain and has no name": (
        mail(
            "Prévoyance <contact@bright-harbor.net>",
            "Votre garantie",
            "Votre garantie sera annulée demain. " + button("https://bright-harbor.net/g"),
        ),
        "mail.order.nameless",
    ),
    "an outsider who wants an account of the house": (
        mail(
            "Portail <info@portail-commun.eu>",
            "Accès",
            "Identifiez-vous avec votre compte professionnel. " + button("https://portail-commun.eu/a"),
        ),
        "mail.order.login",
    ),
    "a command from a page": (
        mail("Visio <visio@salle-visio.eu>", "Accès", "Appuyez sur Windows + R, collez le code et validez."),
        "mail.order.command",
    ),
    "a document that is a program": (
        mail("Jean Petit <jean.petit@garage-petit.fr>", "Devis", button("https://garage-petit.fr/d.exe", "devis.pdf")),
        "mail.link.false-file",
    ),
    "a code at a genuine page": (
        mail(
            "Salle <salle@reunion-plus.eu>",
            "Écran",
            "Saisissez le code FJ3K sur " + button("https://microsoft.com/devicelogin"),
        ),
        "mail.order.device-code",
    ),
    "a conversation that another domain goes on with": (
        mail(
            "Luc <luc@medisupply-group.com>",
            "RE: commande",
            "Merci de noter le nouveau délai.",
            "References: <7@medisupply.fr> <8@chu-aurore.fr>",
            "In-Reply-To: <8@chu-aurore.fr>",
        ),
        "mail.thread.lookalike",
    ),
    "a supplier whose box was taken over, in the conversation itself": (
        mail(
            "Luc <luc@medisupply.fr>",
            "RE: facture 12",
            "Merci de régler la facture sur notre nouveau compte FR76 3000 4000 0100 1234 5678 943.",
            "References: <7@medisupply.fr> <8@chu-aurore.fr>",
            "In-Reply-To: <8@chu-aurore.fr>",
        ),
        "mail.order.new-account",
    ),
    "a stranger with a grant": (
        mail(
            "Fondation <fondation@gmail.com>",
            "Subvention",
            "Une subvention est accordée. Frais de dossier : 200 euros.",
        ),
        "mail.order.advance",
    ),
    "thieves of data": (
        mail(
            "x <x@proton.me>",
            "Données",
            "Nous avons copié vos fichiers. Écrivez-nous sur Telegram, sinon ils seront vendus.",
        ),
        "mail.order.ransom",
    ),
}


@pytest.mark.parametrize("name", BORROWED)
def test_what_is_borrowed_is_found(name: str) -> None:
    raw, rule = BORROWED[name]
    verdict = ENGINE.judge(raw, "a.eml")
    assert rule in {one.rule for one in verdict.findings}, verdict
    assert verdict.verdict in ALARM, verdict


HONEST = {
    "a service that names itself": mail(
        "Clinexa <no-reply@clinexa.eu>", "Accès", "Votre accès prend fin demain. " + button("https://app.clinexa.eu/r")
    ),
    "a colleague elsewhere who sends an article": mail(
        "Anne Roux <anne.roux@ch-vallee.fr>", "Article", "À lire : " + button("https://revue-soins.org/12", "l'article")
    ),
    "a service of clicks": mail(
        "Nordimed <news@nordimed.com>", "Nouveautés Nordimed", button("https://u1.ct.sendgrid.net/ls/click?upn=x")
    ),
    "the house itself": mail(
        "DSI <dsi@chu-aurore.fr>",
        "VPN",
        "Connectez-vous avec votre compte Windows. " + button("https://intranet.chu-aurore.fr/"),
    ),
    "a supplier whose account stays": mail(
        "Luc <luc@medisupply.fr>", "Facture 12", "Voici la facture ; nos coordonnées bancaires restent inchangées."
    ),
    "a talk about command lines": mail(
        "Paul <paul@linux-users.org>",
        "[outils] astuce",
        "Collez ceci dans un terminal : ls",
        "List-Id: <outils.linux-users.org>",
        "List-Post: <mailto:outils@linux-users.org>",
    ),
    "a supplier who goes on with his own conversation": mail(
        "Luc <luc@medisupply.fr>",
        "RE: commande",
        "Merci.",
        "References: <7@medisupply.fr> <8@chu-aurore.fr>",
        "In-Reply-To: <8@chu-aurore.fr>",
    ),
    "a firm with another ending": mail(
        "Luc <luc@medisupply.com>", "RE: commande", "Merci.", "In-Reply-To: <8@medisupply.fr>"
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_strangers_are_left_alone(name: str) -> None:
    verdict = ENGINE.judge(HONEST[name], "a.eml")
    assert verdict.verdict not in ALARM, verdict
