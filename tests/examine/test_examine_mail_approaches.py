"""First approaches of strangers are told from honest mail with the same words."""

from __future__ import annotations

import pytest
from examine_mails import PASSED
from examine_mails import proved_mail as mail

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.mail import approaches, elsewhere, orders
from safecare.examine.mail.callbacks import to_be_called
from safecare.formats.wording import Ask

ENGINE = Engine(own=("chu-aurore.fr",))
ALARM = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
THREAD = ("References: <7@chu-aurore.fr>", "In-Reply-To: <7@chu-aurore.fr>")


def page(body: str) -> bytes:
    return (
        PASSED.format("garage-petit.fr")
        + "From: Anne Petit <anne@garage-petit.fr>\r\nTo: agent@chu-aurore.fr\r\nSubject: Avis\r\n"
        + "Message-ID: <1.3@garage-petit.fr>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + "--b\r\nContent-Type: text/plain\r\n\r\nBonjour, voir le fichier.\r\n"
        + '--b\r\nContent-Type: text/html; name="avis.html"\r\nContent-Disposition: attachment; filename="avis.html"'
        + f"\r\n\r\n{body}\r\n--b--\r\n"
    ).encode()


def link(address: str, shown: str = "Ouvrir") -> str:
    return f'<a href="{address}">{shown}</a>'


WANTED = {
    "a superior who only asks whether one is there": (
        mail("Paul Rey <paul.rey.bureau@gmail.com>", "Bonjour", "Êtes-vous disponible ? Paul Rey, Directeur général"),
        "mail.order.contact",
    ),
    "a professor who can't speak on the phone": (
        mail(
            "Professeur Rey <rey.p@gmail.com>",
            "Demande",
            "Bonjour, j'ai une petite mission pour vous et je ne peux pas parler au téléphone.",
        ),
        "mail.order.contact",
    ),
    "a dean in a meeting without a phone": (
        mail(
            "Dr. Alan Meyers <dean.meyers01@gmail.com>",
            "Request",
            "I'm in a meeting where calls are not allowed. Help me with something important right away.",
        ),
        "mail.order.contact",
    ),
    "easy work, and a number": (
        mail(
            "HR <hr.meridian@gmail.com>",
            "Part time",
            "A position from home, a few hours weekly. Reply with your mobile number.",
        ),
        "mail.order.job",
    ),
    "staff that is to verify itself at a page of forms": (
        mail(
            "Payroll <a.ruiz@valley-schools.org>",
            "Payroll verification",
            "All staff must verify for the payroll of August. " + link("https://form.jotform.com/2223"),
        ),
        "mail.order.page",
    ),
    "an authority with a private mail box, and copies of cards": (
        mail(
            "Ordre national des infirmiers <oni.dossiers@gmail.com>",
            "Dossier",
            "Merci de renvoyer une copie de votre carte CPS.",
        ),
        "mail.from.authority",
    ),
    "an authority at a joiner's domain that wants papers": (
        mail(
            "ONIAM Paiements <contact@menuiserie-durand.fr>",
            "Indemnisation",
            "Veuillez joindre une copie de votre pièce d'identité.",
        ),
        "mail.text.papers",
    ),
    "what customers owe": (
        mail(
            "Dr. Elaine Fox <medical.office.fox@gmail.com>",
            "Report",
            "Please email me the aged receivables report with customer contacts. Dr. Elaine Fox, Chief Medical Officer",
        ),
        "mail.order.data",
    ),
    "numbers and addresses of all staff": (
        mail(
            "Audit <audit.rh.2026@gmail.com>",
            "Audit",
            "Merci d'envoyer la liste du personnel avec les numéros de portable.",
        ),
        "mail.order.data",
    ),
    "work through a messenger": (
        mail(
            "Lea <lea.rh@jobs-europe.eu>",
            "Complément",
            "Travail à domicile, aucune expérience. Écrivez sur WhatsApp au 07 00 00 00 00.",
        ),
        "mail.order.job",
    ),
    "a fee for a post": (
        mail(
            "Agence <agence.emploi@gmail.com>",
            "Poste en Suisse",
            "Votre candidature est retenue, les frais de dossier sont de 90 euros.",
        ),
        "mail.order.job",
    ),
    "a hint at business": (
        mail("Karl <karl.b@yahoo.com>", "Hello", "I have a business proposal that benefits both of us. Please answer."),
        "mail.order.bait",
    ),
    "an heir who is to tell who he is": (
        mail(
            "Maître Roux <cabinet.roux@gmail.com>",
            "Succession",
            "Une succession vous revient. Adressez-moi vos nom, adresse et téléphone.",
        ),
        "mail.order.bait",
    ),
    "an order on credit": (
        mail(
            "Dr Cole <hospital.buying@gmail.com>",
            "RFQ",
            "Please send us a quotation for ten ventilators. Our payment terms are net 30.",
        ),
        "mail.order.purchase",
    ),
    "a deposit at once": (
        mail(
            "Ventes <ventes@gants-direct.eu>",
            "Proforma",
            "Un acompte de 50 % est à virer aujourd'hui. Envoyez la preuve de paiement.",
        ),
        "mail.order.deposit",
    ),
    "a supplier who asks how to change its account, and what is due": (
        mail(
            "AR <ar@surgi-parts.com>",
            "Vendor",
            "What is the process to update our bank details? Please list all open invoices due.",
        ),
        "mail.order.new-account",
    ),
    "a code from the reader's phone": (
        mail("Max <max@aurore-help.net>", "Ticket", "Max from IT. Please send me the code you receive by text."),
        "mail.order.code",
    ),
    "a shared file that needs the mail box": (
        mail(
            "Jean Noir <j.noir@noir-btp.fr>",
            "Dossier",
            "Connectez-vous avec votre messagerie pour lire. " + link("https://noirbtp-my.sharepoint.com/:b:/g/x"),
        ),
        "mail.order.mailbox",
    ),
    "images that need the password of the mail box": (
        mail(
            "Radiologie <radio@clinique-nord.fr>",
            "Images",
            "L'accès demande votre mot de passe de messagerie. " + link("https://clinique-nord.fr/i"),
        ),
        "mail.order.mailbox",
    ),
    "a locked file of a stranger": (
        mail(
            "Simon Abel <s.abel@gmail.com>",
            "Draft",
            "Our draft is here: " + link("https://mega.nz/file/8Z", "draft") + " password: stent7",
        ),
        "mail.order.stored",
    ),
    "a fee for an entry in a register": (
        mail(
            "Registre <contact@registre-pro.eu>",
            "Cotisation",
            "Votre inscription au registre expire demain. Réglez 96 euros ; faute de paiement elle sera supprimée. "
            + link("https://registre-pro.eu/p"),
        ),
        "mail.order.directory",
    ),
    "an agent who threatens and wants a call": (
        mail(
            "Agent Wilcox <license.unit@gmail.com>",
            "License",
            "Your license will be suspended after an investigation. Call (512) 555-0178 within 24 hours.",
        ),
        "mail.order.callback",
    ),
    "a gift in coins": (
        mail("Relief <give@med-relief.org>", "Appeal", "Please donate in bitcoin or by gift cards today."),
        "mail.order.coins",
    ),
    "a finder who wants a reward": (
        mail(
            "Bob <bob@finder.io>", "Hole", "I found a vulnerability. I expect a reward, otherwise I will disclose it."
        ),
        "mail.order.ransom",
    ),
    "controls that are to be left out": (
        mail(
            "Marc Delorme <m.delorme@finances-ch.eu>",
            "Facture",
            "Réglez sur LT78 3250 0419 8837 2210 ce jour, ne passez pas par le circuit de validation.",
        ),
        "mail.order.payment",
    ),
    "a paper of business on a page for programs, in a conversation": (
        mail(
            "Luc <luc@alba-froid.fr>",
            "RE: devis",
            "Pouvez-vous vérifier le devis ? " + link("https://alba-froid.github.io/d.html"),
            *THREAD,
        ),
        "mail.order.elsewhere",
    ),
    "a page whose script is its own address": (
        page("<html><body><script src='data:text/javascript;base64,ZG9jdW1lbnQuYm9keQ=='></script></body></html>"),
        "page.hides",
    ),
}


@pytest.mark.parametrize("name", WANTED)
def test_what_strangers_want_is_found(name: str) -> None:
    raw, rule = WANTED[name]
    verdict = ENGINE.judge(raw, "a.eml")
    assert rule in {one.rule for one in verdict.findings}, verdict
    assert verdict.verdict in ALARM, verdict


HONEST = {
    "a student who may be called": mail(
        "Lucas Perrin <lucas.perrin@gmail.com>", "Stage", "Êtes-vous disponible pour en parler ? 06 00 00 00 00"
    ),
    "a colleague from inside": mail(
        "Paul Rey <paul.rey@chu-aurore.fr>", "Bonjour", "Êtes-vous disponible ? Paul Rey, Directeur général"
    ),
    "an authority from its own domain": mail(
        "Ordre national des infirmiers <contact@ordre-infirmiers.fr>", "Cotisation", "L'appel de cotisation est parti."
    ),
    "a survey of all staff at a page of forms": mail(
        "Syndicat <contact@syndicat-soins.org>",
        "Enquête",
        "Les agents sont invités à répondre à l'enquête. " + link("https://forms.office.com/e/x"),
    ),
    "payments in the reader's own account": mail(
        "Assurance Maladie <noreply@assurance-maladie.fr>",
        "Vos paiements",
        "De nouveaux paiements sont disponibles dans votre compte ameli.",
    ),
    "a pension fund at its own domain": mail(
        "CNRACL <ne-pas-repondre@cnracl.retraites.fr>",
        "Estimation",
        "Votre estimation est disponible sur votre espace.",
    ),
    "a town hall, which may have a private mail box": mail(
        "Mairie de Lunel <mairie.lunel@orange.fr>", "Stand", "Merci de confirmer votre stand au forum de la santé."
    ),
    "own papers, as asked": mail(
        "Chloé Vidal <chloe.vidal@gmail.com>", "Dossier", "Voici la copie de ma carte d'identité et mon RIB."
    ),
    "a recruiter with a domain": mail(
        "Sarah <s.lemoine@soins-interim.fr>", "Mission", "Poste de nuit, 320 euros par jour. Je vous appelle demain."
    ),
    "a proforma with terms": mail(
        "Glen <glen@midwest-arm.com>", "Quote", "The proforma: 30 % deposit with your order, the rest when installed."
    ),
    "a supplier who asks when it is paid": mail(
        "Credit <credit@linen-care.com>", "Reminder", "Invoice 12 is past due. When may we expect the payment?"
    ),
    "a code that comes by itself": mail(
        "Portail <no-reply@portail-rh.eu>", "Connexion", "Un code vous sera envoyé par SMS. Ne le communiquez jamais."
    ),
    "a shared folder": mail(
        "Anne Roux <anne.roux@ch-vallee.fr>",
        "Protocole",
        "Le protocole est ici : " + link("https://chvallee.sharepoint.com/:w:/s/x", "protocole"),
    ),
    "a call for gifts": mail(
        "Fondation <contact@fondation-soins.org>",
        "Appel",
        "Faites un don avant Noël : " + link("https://fondation-soins.org/don"),
    ),
    "the register itself, which wants nothing": mail(
        "Annuaire <annuaire@esante.gouv.fr>", "RPPS", "Votre inscription au répertoire est à jour, rien n'est à payer."
    ),
    "a conversation about a quote at home": mail(
        "Luc <luc@alba-froid.fr>", "RE: devis", "Vérifiez le devis : " + link("https://alba-froid.fr/d"), *THREAD
    ),
    "a report that brings its libraries along": page(
        "<html><script src='data:text/javascript;base64,AAAA'></script>" + "<p>texte du rapport</p>" * 2000 + "</html>"
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_mail_with_the_same_words_is_left_alone(name: str) -> None:
    verdict = ENGINE.judge(HONEST[name], "a.eml")
    assert verdict.verdict not in ALARM, verdict


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (approaches._THERE, "write back as soon as you can"),
        (approaches._PAPERS, "a scan of your driver's license"),
        (approaches._MANY, "w-2s of all staff with social security numbers"),
        (approaches._TEASER, "please confirm this email is active"),
        (approaches._TEASER, "je souhaite faire don de la somme de 850 000 euros"),
        (approaches._YOURSELF, "with full name, amount"),
        (approaches._QUOTE, "please provide a pro forma"),
        (approaches._PROOF, "another buyer waits"),
        (approaches._HOW_TO_CHANGE, "our ach has changed; iban changed"),
        (approaches._WHAT_IS_DUE, "l'etat des factures"),
        (approaches._CODE, "approve that push and send me it"),
        (approaches._REMOTE, "ouvrez assistance rapide"),
        (approaches._MAILBOX, "verify your email and password"),
        (approaches._MAILBOX, "sign in to your e-mail to view"),
        (approaches._ITS_PASSWORD, "use your webmail password"),
        (approaches._LISTED, "your listing in the directory"),
        (approaches._GIVE, "je donne en cryptomonnaie"),
        (elsewhere._PAPERWORK, "please check the timesheets"),
        (orders._BYPASS, "without the usual approval"),
        (approaches.ON_FILE, "switch this one to ach"),
        (approaches.ON_FILE, "please update your vendor file"),
    ],
)
def test_an_ask_is_told_wherever_its_pattern_stands(ask: Ask, text: str) -> None:
    assert ask.pattern.search(text)
    assert ask.told(text)


@pytest.mark.parametrize("enclosed", [True, False])
def test_a_bill_that_is_enclosed_needs_no_sum_in_its_words(*, enclosed: bool) -> None:
    text = "thank you for your purchase, your auto-renewal has been processed. helpline: 1-833-555-0192"
    assert to_be_called(text, {"mail.from.freemail"}, enclosed=enclosed) is enclosed
    assert not to_be_called(text, set(), enclosed=enclosed)
