"""Mails that speak for an organisation they have nothing of, orders of false superiors, and their honest neighbours."""

from __future__ import annotations

import pytest
from examine_mails import page_mail as mail

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.formats.brands import belongs, known, same_owner, spoken_for, worn, writes_for
from safecare.formats.wrapped import unwrapped

ENGINE = Engine(own=("aurore.example",), only=("mail",))


def passed(domain: str) -> str:
    return f"mx.aurore.example; spf=pass smtp.mailfrom={domain}; dkim=pass header.d={domain}; dmarc=pass"


def to(address: str, text: str = "ici") -> str:
    return f"<p><a href='{address}'>{text}</a></p>"


PHISHING = {
    "bank, plain domain": mail(
        "Crédit Agricole <contact@agence-en-ligne.example>",
        "Nouvel appareil détecté",
        "Un nouvel appareil a accédé à votre compte." + to("https://agence-en-ligne.example/a", "Annuler"),
    ),
    "bank, signed": mail(
        "La Banque Postale <info@certicode-plus.example>",
        "Certicode Plus",
        "Votre compte sera suspendu, confirmez vos données." + to("https://certicode-plus.example/"),
        Authentication_Results=passed("certicode-plus.example"),
    ),
    "vitale card": mail(
        "Ameli <noreply@nouvelle-carte.example>",
        "Votre carte Vitale expire",
        "Votre carte Vitale arrive à expiration, mettez à jour votre dossier." + to("https://nouvelle-carte.example/"),
    ),
    "fine": mail(
        "ANTAI <avis@stationnement.example>",
        "Amende impayée",
        "Votre amende de 35 € reste impayée, majoration sous 48 heures." + to("https://stationnement.example/p"),
    ),
    "shown address": mail(
        "Service public <info@demarches.example>",
        "Votre dossier",
        "Consultez votre dossier." + to("https://demarches.example/x", "https://www.impots.gouv.fr/particulier"),
        Authentication_Results="mx.aurore.example; spf=none; dkim=none; dmarc=none",
    ),
    "shown address behind safe links": mail(
        "Service <info@demarches.example>",
        "Dossier",
        "Voir "
        + to("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fbit.ly%2Fx&d=1", "www.ameli.fr"),
    ),
    "spoken": mail(
        "Messagerie <it@webmaster.example>",
        "Storage full",
        "Your Microsoft 365 mailbox storage is full. Verify your account now. The Microsoft team"
        + to("https://forms.builder.example/1", "Verify"),
        Authentication_Results="mx.aurore.example; spf=none; dkim=none; dmarc=none",
    ),
    "logo": mail(
        "Notification <it@webmaster.example>",
        "Messages held",
        "<img src='cid:1' alt='Microsoft'>Your mailbox holds quarantined messages. Verify your account to release them."
        + to("https://forms.builder.example/1", "Release"),
        Authentication_Results="mx.aurore.example; spf=none; dkim=none; dmarc=none",
    ),
    "own mail box of a provider": mail(
        "La Poste <suivi.colis.75@laposte.net>", "Colis", "Votre colis attend." + to("https://suivi.example/1")
    ),
    "president": mail(
        "Pr Anne Lebrun <presidence.chu@gmail.com>",
        "Dossier confidentiel",
        "Bonjour, je vous charge d'un dossier confidentiel : faites un virement à notre prestataire. Je suis en "
        "réunion, répondez uniquement par mail.<br>Directrice générale",
    ),
    "are you available": mail(
        "Dr Paul Morin, Chief Medical Officer <exec.office101@gmail.com>",
        "Quick task",
        "Are you available? I need you to handle a quick task. I am in a meeting and can't talk. Reply by email only.",
    ),
    "gift cards": mail(
        "Head of Nursing <nursing.lead@outlook.com>",
        "Surprise for the staff",
        "I need you to buy 5 Amazon gift cards for the staff, keep it confidential and send me the codes.",
    ),
    "payroll": mail(
        "Julie Petit <julie.petit.rh@gmail.com>",
        "Changement de RIB",
        "Bonjour, je souhaite modifier mon RIB pour le versement de mon salaire. Que faut-il fournir ?",
    ),
    "supplier's new account": mail(
        "Laboratoire du Nord <compta.labo.nord@gmail.com>",
        "Changement de coordonnées bancaires",
        "Veuillez noter nos nouvelles coordonnées bancaires pour le règlement des prochaines factures.",
    ),
    "house's own service, from outside": mail(
        "Direction des soins <info@campagne.example>",
        "Vaccination du personnel",
        "Confirmez votre statut vaccinal avec vos identifiants." + to("https://campagne.example/f"),
    ),
    "button": mail(
        "Paul Durand <paul@cabinet.example>",
        "Paul Durand shared a file with you",
        "Paul Durand shared Contrat.pdf." + to("https://cabinet.example/d", "Open in SharePoint"),
    ),
    "own address handed over": mail(
        "Voicemail <vm@pbx.example>",
        "New voicemail",
        "You have a new voice message. Listen to your voicemail." + to("https://pbx.example/l?e=user1@aurore.example"),
    ),
    "silence for sale": mail(
        "x <x@stranger.example>",
        "I recorded you",
        "I have recorded you through your webcam. Pay 900 USD in bitcoin or I send the video to your contacts.",
    ),
    "card wanted": mail(
        "Mutuelle <rembours@sante.example>",
        "Remboursement en attente",
        "Un remboursement est en attente, renseignez vos coordonnées bancaires." + to("https://sante.example/rib"),
    ),
    "addressed as a client": mail(
        "Service SécuriPass <ca@securipass.example>",
        "SécuriPass",
        "Cher client Crédit Agricole, votre SécuriPass expire, réactivez votre compte."
        + to("https://securipass.example"),
    ),
    "movement on an account": mail(
        "Votre conseiller <contact@ma-banque.example>",
        "Opération suspecte",
        "Une opération de 980 € a été détectée sur votre compte BNP Paribas. Annulez."
        + to("https://ma-banque.example"),
    ),
    "callback": mail(
        "Geek Squad <billing.dept77@gmail.com>",
        "Order confirmation",
        "Your subscription has been renewed and $399.99 was charged. To cancel call our support: +1 (808) 555-0142.",
    ),
    "callback in no money": mail(
        "billing.dept77@gmail.com",
        "Transaction 5463",
        "Your subscription is scheduled for renewal, 445.15 will be processed. To make changes contact us before."
        " Customer support: +1(888)5550145.",
    ),
}


@pytest.mark.parametrize("name", PHISHING)
def test_what_speaks_for_others_is_found(name: str) -> None:
    verdict = ENGINE.judge(PHISHING[name], "a.eml")
    assert verdict.verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS), verdict


HARMLESS = {
    "parcel": mail(
        "Colissimo <noreply@notif-colissimo-laposte.info>",
        "Votre colis arrive",
        "Votre colis sera livré demain." + to("https://www.laposte.fr/outils/suivre-vos-envois?code=1", "Suivre"),
        Authentication_Results=passed("notif-colissimo-laposte.info"),
    ),
    "tax": mail(
        "impots.gouv.fr <ne-pas-repondre@dgfip.finances.gouv.fr>",
        "Votre avis d'impôt est disponible",
        "Votre avis est disponible dans votre espace." + to("https://cfspart.impots.gouv.fr/", "impots.gouv.fr"),
        Authentication_Results=passed("dgfip.finances.gouv.fr"),
    ),
    "health insurance by a sender of bulk": mail(
        "l'Assurance Maladie <assurance-maladie@info.ameli.fr>",
        "Un remboursement est disponible",
        "Consultez votre compte." + to("https://r.info.ameli.fr/tr/cl/1", "www.ameli.fr"),
        Authentication_Results=passed("info.ameli.fr"),
    ),
    "newsletter that shows an authority's address": mail(
        "Mutuelle <lettre@mutuelle.example>",
        "Vos droits",
        "Plus d'informations sur " + to("https://clic.envoi.example/1", "www.ameli.fr"),
        Authentication_Results=passed("mutuelle.example"),
        List_Unsubscribe="<https://clic.envoi.example/u>",
    ),
    "supplier that links to an authority": mail(
        "Cabinet <contact@cabinet.example>",
        "Déclaration",
        "La déclaration se fait sur " + to("https://www.impots.gouv.fr/accueil", "impots.gouv.fr"),
    ),
    "training": mail(
        "Formation Microsoft 365 <contact@organisme.example>",
        "Programme",
        "Votre formation Microsoft 365 commence lundi." + to("https://organisme.example/p"),
        Authentication_Results=passed("organisme.example"),
    ),
    "shared document": mail(
        "Anna Roy (via Google Docs) <drive-shares-dm-noreply@google.com>",
        "Document shared with you",
        "Anna Roy shared a document with you." + to("https://docs.google.com/document/d/1", "Open"),
        Authentication_Results=passed("google.com"),
    ),
    "meeting": mail(
        "Teams <noreply@email.teams.microsoft.com>",
        "You have messages waiting",
        "You missed messages." + to("https://teams.microsoft.com/l/1", "Open Teams"),
        Authentication_Results=passed("email.teams.microsoft.com"),
    ),
    "surname": mail("Marie Orange <marie.orange@gmail.com>", "Rendez-vous", "Bonjour, je viendrai mardi à 10 h."),
    "doctor's own mail box": mail(
        "Dr Paul Morin <paul.morin@gmail.com>",
        "Staff de jeudi",
        "Es-tu disponible jeudi pour le staff ? Je suis en réunion mercredi. Bonne journée",
    ),
    "supplier's reminder": mail(
        "Comptabilité <compta@fournisseur.example>",
        "Relance facture 22",
        "Sauf erreur, la facture 22 de 1 250,40 € reste à régler par virement. Appelez-nous au 01 23 45 67 89.",
    ),
    "patient with a question": mail(
        "J. Petit <j.petit@free.fr>",
        "Facture de consultation",
        "Bonjour, j'ai reçu une facture de 55,00 €. Pouvez-vous me rappeler au 06 12 34 56 78 ? Merci",
    ),
    "finance asks within the house": mail(
        "Direction financière <daf@aurore.example>",
        "Virement à valider",
        "Merci de valider le virement du laboratoire, c'est confidentiel. Je suis en réunion jusqu'à 15 h.",
    ),
    "payroll of another company": mail(
        "RH Portail <no-reply@portail-rh.example>",
        "Votre bulletin de paie est disponible",
        "Votre bulletin de paie est disponible, connectez-vous à votre coffre." + to("https://portail-rh.example/c"),
        Authentication_Results=passed("portail-rh.example"),
    ),
    "help desk within another house": mail(
        "Helpdesk <helpdesk@aurore.example>",
        "Your mailbox quota",
        "Your mailbox is almost full. Review your storage." + to("https://intranet.aurore.example/quota"),
    ),
    "patient's new account": mail(
        "Lucie B. <lucie.b@gmail.com>", "RIB", "Bonjour, voici mon nouveau RIB pour le remboursement de la facture."
    ),
    "social buttons of a newsletter": mail(
        "Lettre <lettre@asso.example>",
        "La lettre de mars",
        "Nos actualités." + to("https://clic.envoi.example/1", "Voir sur Facebook") + to("https://asso.example/"),
        Authentication_Results=passed("asso.example"),
    ),
    "colleague who writes from home": mail(
        "Pr Alain Roy <alain.roy@gmail.com>",
        "Congrès",
        "Cher ami, je suis président du congrès. Es-tu disponible ? Réponds-moi par mail, je suis en déplacement.",
    ),
    "warning of an authority": mail(
        "Cybermalveillance <lettre@cybermalveillance.gouv.fr>",
        "Alerte hameçonnage",
        "De faux mails de l'Assurance Maladie demandent vos coordonnées bancaires."
        + to("https://www.cybermalveillance.gouv.fr/"),
        Authentication_Results=passed("cybermalveillance.gouv.fr"),
    ),
    "payroll office": mail(
        "Service paie <paie@aurore.example>", "Votre RIB", "Pour modifier votre RIB, passez au bureau de la paie."
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_speaks_for_itself_is_clean(name: str) -> None:
    verdict = ENGINE.judge(HARMLESS[name], "a.eml")
    assert verdict.verdict is Verdicts.CLEAN, verdict


def test_names_are_worn_at_the_start_or_whole() -> None:
    assert worn("Service client Orange") == {"orange"}
    assert worn("BNP Paribas - Alerte") == {"bnp paribas"}
    assert worn("Anna via DocuSign") == {"docusign"}
    assert worn("PayPal.com") == {"paypal"}
    for other in ("Marie Orange", "Free Software Foundation", "Formation Microsoft 365", "Edward Norton", ""):
        assert worn(other) == frozenset()


def test_a_text_speaks_as_an_organisation_only_where_it_says_so() -> None:
    assert spoken_for("l'equipe microsoft 365 vous informe") == {"microsoft 365"}
    assert spoken_for("votre compte doctolib") == {"doctolib"}
    assert spoken_for("in the amazon forest, microsoft said") == frozenset()


def test_who_owns_a_domain() -> None:
    assert belongs("cfspart.impots.gouv.fr", "dgfip")
    assert belongs("amazon.nl", "amazon")
    assert not belongs("amazon.nl.evil.example", "amazon")
    assert not belongs("gouv.example", "antai")
    assert known("www.ameli.fr")
    assert same_owner("www.office.com", "login.microsoftonline.com")
    assert writes_for("orange.fr", "orange")
    assert not writes_for("laposte.net", "la poste")


def test_addresses_that_gateways_wrapped() -> None:
    assert unwrapped("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example%2Fb&data=1") == (
        "https://a.example/b"
    )
    assert unwrapped("https://www.google.com/url?q=https://a.example/&sa=D") == "https://a.example/"
    assert unwrapped("https://urldefense.proofpoint.com/v2/url?u=https-3A__a.example_b&d=1") == "https://a.example/b"
    assert unwrapped("https://a.example/?url=https://b.example/") == "https://a.example/?url=https://b.example/"
