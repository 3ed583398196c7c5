"""Mails for scenarios and tests: the many harmless shapes of a hospital's day, and one well-aimed phishing mail.

All names, addresses and numbers are made up; foreign domains are of the reserved kind (RFC 2606, ``.example``),
besides those of well-known services that hospitals really get mail from. Seeded: same input, same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from safecare.scenarios.make.office import archive, document, document_with_macro

Language = Literal["fr", "en"]

_PEOPLE = ("Claire Morel", "Jean Petit", "Samira Haddad", "Hugo Lefèvre", "Anna Keller", "Paul Durand", "Léa Rousseau")
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


class _Writer:
    """Builds one mail; the random source decides names and numbers only."""

    def __init__(self, rng: random.Random, at: datetime, to: str, home: str, language: Language) -> None:
        self.rng, self.to, self.home, self.french = rng, to, home, language == "fr"
        self.mail = EmailMessage()
        self.mail["Date"] = format_datetime(at)
        self.mail["To"] = to
        self.mail["Message-ID"] = f"<{rng.getrandbits(64):016x}@{home}>"

    def say(self, french: str, english: str) -> str:
        """Return the sentence of the mail's language."""
        return french if self.french else english

    def sender(self, name: str, address: str, result: str = "spf=pass; dkim=pass; dmarc=pass") -> None:
        """Set who it is from, and what the receiving server found."""
        self.mail["From"] = f'"{name}" <{address}>'
        self.mail["Authentication-Results"] = f"mx.{self.home}; {result}"

    def colleague(self) -> None:
        """Set a person of the hospital as sender."""
        name = self.rng.choice(_PEOPLE)
        self.sender(name, f"{name.split()[0].lower().replace('é', 'e').replace('è', 'e')}@{self.home}")

    def body(self, subject: str, text: str, html: str = "") -> None:
        """Set subject and text, with an HTML form where one is given."""
        self.mail["Subject"] = subject
        self.mail.set_content(text)
        if html:
            self.mail.add_alternative(f"<html><body>{html}</body></html>", subtype="html")

    def attach(self, raw: bytes, media: str, name: str) -> None:
        """Attach a file."""
        main, _, sub = media.partition("/")
        self.mail.add_attachment(raw, maintype=main, subtype=sub, filename=name)

    def finish(self) -> bytes:
        """Return the bytes as a mail server sends them, with borders that the seed decides."""
        for number, part in enumerate(self.mail.walk()):
            if part.is_multipart():
                part.set_boundary(f"=_part_{number}_{self.rng.getrandbits(48):012x}")
        return self.mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _note(w: _Writer) -> None:
    w.colleague()
    text = w.say(
        "Bonjour,\n\nLa réunion de service est avancée à 14 h, salle 2. Urgent : prévenez l'équipe de nuit.\n\nMerci",
        "Hello,\n\nThe staff meeting is moved to 2 pm, room 2. Urgent: please tell the night team.\n\nThanks",
    )
    w.body(w.say("Réunion de service", "Staff meeting"), text)


def _reply(w: _Writer) -> None:
    w.colleague()
    w.mail["References"] = f"<{w.rng.getrandbits(64):016x}@{w.home}>"
    text = w.say(
        "D'accord pour mardi.\n\n> Le planning est sur http://intranet.{0}/planning\n> Bonne journée",
        "Fine for Tuesday.\n\n> The rota is at http://intranet.{0}/rota\n> Have a nice day",
    )
    w.body("Re: planning", text.format(w.home))


def _password_notice(w: _Writer) -> None:
    w.sender(w.say("Direction informatique", "IT department"), f"dsi@{w.home}")
    text = w.say(
        "Bonjour,\n\nVotre mot de passe expire dans 10 jours. Pensez à le changer depuis votre poste.\n"
        "Nous ne vous demanderons jamais votre mot de passe par messagerie.",
        "Hello,\n\nYour password expires in 10 days. Please change it on your workstation (Ctrl+Alt+Del).\n"
        "We will never ask for your password by mail.",
    )
    w.body(w.say("Renouvellement du mot de passe", "Password renewal"), text)


def _invoice(w: _Writer) -> None:
    supplier = w.rng.choice(("medifourniture", "pharma-nord", "bio-reactifs"))
    w.sender(w.say("Service comptabilité", "Accounts"), f"facturation@{supplier}.example")
    number = w.rng.randrange(10000, 99999)
    text = w.say(
        f"Madame, Monsieur,\n\nVeuillez trouver ci-joint notre facture {number}. Règlement à 50 jours.\n\nCordialement",
        f"Dear customer,\n\nPlease find attached our invoice {number}. Payment within 50 days.\n\nKind regards",
    )
    w.body(w.say(f"Facture {number}", f"Invoice {number}"), text)
    w.attach(_PDF, "application/pdf", f"facture_{number}.pdf")


def _newsletter(w: _Writer) -> None:
    w.sender(w.say("La lettre du soin", "The care letter"), "lettre@revue-soins.example")
    w.mail["List-Id"] = "<lettre.revue-soins.example>"
    w.mail["List-Unsubscribe"] = "<https://envois.routeur.example/stop>"
    w.mail["Return-Path"] = "<rebond-17@envois.routeur.example>"
    link = f"https://envois.routeur.example/c/{w.rng.getrandbits(40):x}"
    shown = "www.revue-soins.example/article"
    text = w.say("Au sommaire : hygiène des mains.", "In this issue: hand hygiene.")
    w.body(w.say("La lettre de mars", "March issue"), f"{text}\n{link}", f'<p>{text}</p><a href="{link}">{shown}</a>')


def _invitation(w: _Writer) -> None:
    w.colleague()
    w.body(w.say("Invitation : staff", "Invitation: rounds"), w.say("Voir l'invitation.", "See the invitation."))
    w.attach(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "text/calendar", "invite.ics")


def _report(w: _Writer) -> None:
    w.colleague()
    text = w.say("Le compte rendu est en pièce jointe.", "Please find the minutes attached.")
    w.body(w.say("Compte rendu", "Minutes"), text)
    media = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    w.attach(document(text), media, w.say("compte rendu.docx", "minutes.docx"))


def _results(w: _Writer) -> None:
    w.sender(w.say("Laboratoire du Parc", "Park Laboratory"), "resultats@labo-du-parc.example", "spf=pass; dkim=none")
    w.body(w.say("Résultats disponibles", "Results available"), w.say("Résultats ci-joints.", "Results attached."))
    w.attach(archive({"resultats.pdf": _PDF, "lisez-moi.txt": b"ok"}), "application/zip", "resultats.zip")


def _delivery(w: _Writer) -> None:
    w.sender("Chronopost", "ne-pas-repondre@chronopost.fr")
    link = f"https://www.chronopost.fr/suivi?n={w.rng.randrange(10**9)}"
    text = w.say("Votre colis arrive aujourd'hui avant 13 h.", "Your parcel arrives today before 1 pm.")
    w.body(w.say("Votre livraison", "Your delivery"), f"{text} {link}", f'<p>{text}</p><a href="{link}">Suivre</a>')


def _booking(w: _Writer) -> None:
    w.sender("Doctolib", "no-reply@doctolib.fr")
    text = w.say("Un patient a déplacé son rendez-vous.", "A patient has moved an appointment.")
    link = "https://pro.doctolib.fr/agenda"
    button = w.say("Voir l'agenda", "Open the calendar")
    w.body(w.say("Rendez-vous déplacé", "Appointment moved"), text, f'<p>{text}</p><a href="{link}">{button}</a>')


def _macro_colleague(w: _Writer) -> None:
    w.colleague()
    text = w.say("Voici le tableau de garde avec sa macro habituelle.", "Here is the duty roster with its usual macro.")
    w.body(w.say("Tableau de garde", "Duty roster"), text)
    w.attach(document_with_macro(text), "application/vnd.ms-word.document.macroEnabled.12", "garde.docm")


SHAPES: dict[str, Callable[[_Writer], None]] = {
    "note": _note,
    "reply": _reply,
    "password-notice": _password_notice,
    "invoice": _invoice,
    "newsletter": _newsletter,
    "invitation": _invitation,
    "report": _report,
    "results": _results,
    "delivery": _delivery,
    "booking": _booking,
    "macro-of-a-colleague": _macro_colleague,
}
"""Harmless shapes by name. The last one is harmless although it carries a macro."""


def benign_mail(
    shape: str, *, seed: int, at: datetime, to: str, home: str = "aurore.example", language: Language = "fr"
) -> bytes:
    """Return one harmless mail to `to`; `home` is the hospital's mail domain. Raises `KeyError` for no such shape."""
    writer = _Writer(random.Random(f"{shape}{seed}"), at, to, home, language)
    SHAPES[shape](writer)
    return writer.finish()


def benign_mails(
    count: int, *, seed: int, at: datetime, to: str, home: str = "aurore.example", language: Language | None = None
) -> Iterator[bytes]:
    """Yield `count` harmless mails of all shapes, three in four in French if `language` does not say otherwise."""
    rng = random.Random(seed)
    for number in range(count):
        spoken: Language = language or ("fr" if rng.random() < 0.75 else "en")
        shape = rng.choice(list(SHAPES))
        yield benign_mail(shape, seed=seed * 100_003 + number, at=at, to=to, home=home, language=spoken)


def spear_phish(*, seed: int, at: datetime, to: str, home: str = "aurore.example", language: Language = "fr") -> bytes:
    """Return a phishing mail aimed at `to`: an imitated domain, a pretext, and an inert document with a macro."""
    writer = _Writer(random.Random(f"spear{seed}"), at, to, home, language)
    fake = _imitation(home)
    writer.sender(
        writer.say("Agence du vaccin", "Vaccine agency"), f"coordination@{fake}", "spf=pass; dkim=none; dmarc=none"
    )
    text = writer.say(
        "Bonjour,\n\nLa livraison des vaccins a changé. Merci de consulter la pièce jointe aujourd'hui et de "
        "cliquer sur « Activer le contenu » pour afficher le tableau.\nSans réponse avant 12 h, elle sera annulée.",
        "Hello,\n\nThe vaccine delivery plan has changed. Please review the attached document today and click "
        "“Enable content” to view the table.\nWithout an answer before noon the delivery will be cancelled.",
    )
    link = f"https://{fake}/livraisons"
    html = "".join(f"<p>{line}</p>" for line in text.splitlines() if line)
    writer.body(writer.say("Livraison des vaccins", "Vaccine delivery"), text, f'{html}<a href="{link}">www.{home}</a>')
    name = writer.say("plan_livraison.docm", "delivery_plan.docm")
    writer.attach(document_with_macro(text), "application/vnd.ms-word.document.macroEnabled.12", name)
    return writer.finish()


def credential_phish(
    *, seed: int, at: datetime, to: str, home: str = "aurore.example", language: Language = "fr"
) -> bytes:
    """Return a phishing mail without attachment: a threat, a false portal, a link that shows another address."""
    writer = _Writer(random.Random(f"credential{seed}"), at, to, home, language)
    domain = f"{home.split('.', maxsplit=1)[0]}-portail.example"
    name = writer.say("Support messagerie", "Mail support")
    writer.sender(name, f"support@{domain}", "spf=softfail; dkim=none; dmarc=fail")
    text = writer.say(
        "Votre boîte est pleine : votre compte sera désactivé sous 24 heures. Merci de confirmer votre mot de passe.",
        "Your mailbox is full: your account will be disabled within 24 hours. Please confirm your password.",
    )
    link = f"http://{domain}/connexion"
    writer.body(
        writer.say("Action urgente", "Urgent"), text, f'<p>{text}</p><a href="{link}">https://webmail.{home}</a>'
    )
    return writer.finish()


def _imitation(home: str) -> str:
    """Return a domain that reads like `home` at a glance: one letter is swapped for its look-alike."""
    name, _, rest = home.partition(".")
    for letter, other in (("o", "0"), ("l", "1"), ("e", "3"), ("i", "l")):
        if letter in name:
            return f"{name.replace(letter, other, 1)}.{rest}"
    return f"{name}s.{rest}"
