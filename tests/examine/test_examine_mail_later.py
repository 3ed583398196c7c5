"""Mails of later years whose senders pass every check: attackers at their own domains, and services that write daily.

Made up after public reports of 2019 to 2026; no mail of a collection.
"""

from __future__ import annotations

import base64
import io
import zlib
from email.message import EmailMessage

import pytest
import segno

from safecare.examine.engine import Engine
from safecare.examine.mail.passwords import told_passwords
from safecare.scenarios.make.office import archive

ENGINE = Engine(own=("chu-aurore.fr",))
TO = "camille.durand@chu-aurore.fr"


def mail(sender: str, subject: str, html: str, *, by: str = "", fails: bool = False, **headers: str) -> EmailMessage:
    """Return a mail that its sender's own domain (or `by`, a service that sends for it) vouches for."""
    domain = by or sender.rpartition("@")[2].strip(">")
    visible = sender.rpartition("@")[2].strip(">")
    message = EmailMessage()
    message["Return-Path"] = f"<bounce@{domain}>"
    message["Authentication-Results"] = (
        f"mx.chu-aurore.fr; spf=pass smtp.mailfrom={domain}; dkim=pass header.d={domain}; "
        f"dmarc={'fail' if fails else 'pass'} header.from={visible}"
    )
    message["From"], message["To"], message["Subject"] = sender, f"<{TO}>", subject
    message["Message-ID"], message["Date"] = f"<1@{domain}>", "Tue, 14 Apr 2026 09:12:00 +0200"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(f"<html><body>{html}</body></html>", subtype="html")
    return message


def to(address: str, text: str) -> str:
    return f'<a href="{address}">{text}</a>'


def pdf(link: str) -> bytes:
    return (
        b"%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/Annots[4 0 R]>>endobj\n"
        b"4 0 obj<</Type/Annot/Subtype/Link/A<</S/URI/URI(" + link.encode() + b")>>>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


def code(link: str) -> bytes:
    out = io.BytesIO()
    segno.make(link, micro=False).save(out, kind="png", scale=6, border=4)
    return out.getvalue()


def with_file(message: EmailMessage, name: str, raw: bytes, media: str) -> EmailMessage:
    kind, _, sub = media.partition("/")
    message.add_attachment(raw, maintype=kind, subtype=sub, filename=name)
    return message


LIST = {"List_Unsubscribe": "<https://x.example/u>", "Precedence": "bulk"}
INVITE = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Mailbox password expires today\r\nDESCRIPTION:Your "
    b"password expires today. Keep your pass\r\n word: https://secure-mailbox.web.app/c\r\nEND:VEVENT\r\nEND:VCALENDAR"
)
STAFF = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Staff\r\nDESCRIPTION:Rejoindre "
    b"https://teams.microsoft.com/l/meetup-join/19 code secret x1Yz\r\nEND:VEVENT\r\nEND:VCALENDAR"
)
PAGE = (
    b"<html><script>a.href=URL.createObjectURL(new Blob([atob('UEsD')]));a.download='F.zip';a.click()</script></html>"
)

ATTACKS = {
    "a page that anyone sets up": mail(
        "IT <helpdesk@kimoto-ind.co.jp>",
        "Password expiry notice",
        f"Your password for {TO} expires today. " + to(f"https://baf.ipfs.dweb.link/i.html#{TO}", "Keep my password"),
    ),
    "a file of a service that is not the service's": mail(
        "Marie Duval <m.duval@menuiserie-duval.fr>",
        "Document partagé : Facture.pdf",
        "Marie Duval vous a partagé un document via OneDrive. "
        + to("https://onedrive-docs.web.app/v", "Ouvrir le document"),
    ),
    "a known domain before a foreign one": mail(
        "Ressources Humaines <rh@portail-des-agents.com>",
        "Révision des salaires",
        to("https://chuaurore-my.sharepoint.com.login-docs.top/1", "Consulter le document"),
    ),
    "a feigned list": mail(
        "Sirius XM <new@hinata.coincaps.ai>",
        "Your Membership has Expired",
        "Your membership has expired! " + to("https://storage.googleapis.com/x/r.html#4", "EXTEND FOR FREE"),
        List_Id="<Ir4.xt.local>",
        In_Reply_To="<a@b>",
        References="<c@d>",
    ),
    "an intruder who answers": mail(
        "Jean Moreau <contact@garage-moreau.it>",
        "Re: Compte rendu",
        "Voir le document, mot de passe 4471. " + to("https://garage-moreau.it/wp-content/d/CR.zip", "CR.zip"),
        In_Reply_To="<a@b>",
        References="<a@b>",
    ),
    "styled letters": mail(
        "Team 𝗡𝘂𝘁𝗲𝗹𝗹𝗮 <noreply@𝗡𝘂𝘁𝗲𝗹𝗹𝗮-92253969.de>", "Bonus", "x", by="impress.example", fails=True
    ),
    "a supplier with other bank details": mail(
        "Accounts - Siemens Healthineers <accounts@siemens-healthineers-billing.com>",
        "Updated bank details for outstanding invoices",
        "Our bank details have changed. Kindly remit payment of invoice 88213 to our new bank account.",
    ),
    "a widow": mail(
        "Mrs Rose <rose.w@aol.com>", "Dear friend", "I am a widow and want to donate 8 million dollars to charity."
    ),
    "a lender": mail("Sami <financement@outlook.fr>", "Prêt", "J'offre des prêts entre particuliers au taux de 2 %."),
    "false police": mail(
        "Brigade <police.judiciaire@gmail.com>",
        "Convocation judiciaire",
        "La gendarmerie vous convoque : poursuites judiciaires. Répondez sous 72 heures.",
    ),
    "a PDF that is a button": with_file(
        mail("Facturation <facturation@groupe-alto.fr>", "Votre facture", "Ci-joint."),
        "facture.pdf",
        pdf("https://documents-view.pages.dev/login"),
        "application/pdf",
    ),
    "an invitation": with_file(
        mail("IT <no-reply@calendar-mail.info>", "Invitation", "x"), "i.ics", INVITE, "text/calendar"
    ),
    "a page that builds a file": with_file(
        mail("Livraison <info@expressdelivery.cc>", "Facture de transport", "Ci-joint."), "f.html", PAGE, "text/html"
    ),
    "a code within the page": mail(
        "RH <rh@nouveau-bulletin.fr>",
        "Bulletin de paie",
        "Scannez le code QR pour consulter votre bulletin de paie. "
        f'<img src="data:image/png;base64,{base64.b64encode(code("https://mfa-reset.top/?e=c")).decode()}">',
    ),
}
EVERYDAY = {
    "a customer's host at a service": mail(
        "Okta <noreply@okta.com>",
        "Your password will expire soon",
        "Your Okta password will expire in 7 days. " + to("https://chu-aurore.okta.com/signin", "Change password"),
    ),
    "a ticket": mail(
        "Paul (Jira) <jira@chu-aurore.atlassian.net>",
        "[JIRA] (DSI-421) Compte VPN",
        to("https://chu-aurore.atlassian.net/browse/DSI-421", "Afficher la demande"),
        by="atlassian.net",
    ),
    "a list that breaks signatures": mail(
        "Alice <alice@univ-lyon.edu>",
        "[orthanc-users] Peers",
        "Our peers are rejected: account locked, password expired. I need to restore access today.",
        by="lists.orthanc.example",
        fails=True,
        List_Id="<orthanc-users.lists.orthanc.example>",
        List_Post="<mailto:orthanc-users@lists.orthanc.example>",
        **LIST,
    ),
    "the post": mail(
        "La Poste <notif@laposte.info>",
        "Votre colis arrive demain",
        "Votre colis sera livré demain. Si vous êtes absent, vous pouvez reprogrammer la livraison. "
        + to("https://www.laposte.fr/outils/suivre-vos-envois", "Suivre mon colis"),
    ),
    "family benefits": mail(
        "Caf <notification@caf.cnafmail.fr>",
        "Votre déclaration trimestrielle",
        "Sans déclaration, vos droits seront suspendus. " + to("https://www.caf.fr/", "Mon Compte"),
    ),
    "a shared file": mail(
        "Jeanne <no-reply@sharepointonline.com>",
        "Jeanne a partagé « Planning »",
        "Jeanne a partagé un document avec vous. " + to("https://chuaurore.sharepoint.com/:x:/s/b/E", "Ouvrir"),
    ),
    "a form that colleagues fill": mail(
        "Service <animation@ap-sud.fr>", "Sondage", "Repas de Noël : " + to("https://forms.gle/abc", "votre choix")
    ),
    "an invoice with the supplier's link": with_file(
        mail("Compta <compta@sodimed.fr>", "Facture", "Ci-joint."),
        "f.pdf",
        pdf("https://www.sodimed.fr/paiement"),
        "application/pdf",
    ),
    "a meeting": with_file(mail("Jeanne <j@ap-sud.fr>", "Staff", "x"), "i.ics", STAFF, "text/calendar"),
    "a patient": mail("Sophie <sophie.l@gmail.com>", "Dossier médical", "Je souhaite une copie de mon dossier."),
    "a password reset": mail(
        "GitHub <noreply@github.com>",
        "[GitHub] Please reset your password",
        "Use this link within 3 hours: "
        + to("https://github.com/password_reset/a", "https://github.com/password_reset/a"),
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attackers_whom_their_own_domain_vouches_for_are_found(name: str) -> None:
    verdict = ENGINE.judge(ATTACKS[name].as_bytes(), "a.eml")
    assert verdict.score >= 0.5, verdict.findings


@pytest.mark.parametrize("name", EVERYDAY)
def test_services_that_write_daily_are_not_alarming(name: str) -> None:
    verdict = ENGINE.judge(EVERYDAY[name].as_bytes(), "a.eml")
    assert verdict.score < 0.5, verdict.findings


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Le mot de passe est Hiver2026.", ["Hiver2026"]),
        ("Password: 4471\n", ["4471"]),
        ("mot de passe pour ouvrir : « abc-12 »", ["abc-12"]),
        ("nothing here", []),
    ],
)
def test_passwords_that_a_mail_tells(text: str, told: list[str]) -> None:
    assert told_passwords(text) == told


def drawn_in_pdf(link: str) -> bytes:
    """Return a PDF whose page shows the code of `link` as a grey picture."""
    rows = [list(row) for row in segno.make(link, micro=False).matrix_iter(scale=6, border=4)]
    grey = zlib.compress(b"".join(bytes(0 if dark else 255 for dark in row) for row in rows))
    return (
        (
            b"%%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/Resources<</XObject<</I 4 0 R>>>>>>endobj\n4 0 obj<<"
            b"/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray"
            b"/Filter/FlateDecode/Length %d>>stream\n" % (len(rows[0]), len(rows), len(grey))
        )
        + grey
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


@pytest.mark.parametrize("link", ["https://mfa-reset.top/a", "https://www.sncf-connect.com/billet"])
def test_codes_in_files_of_a_mail(link: str) -> None:
    word = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>", "word/media/image1.png": code(link)}
    page = f'<html><img src="data:image/png;base64,{base64.b64encode(code(link)).decode()}"></html>'.encode()
    for name, raw, media in (
        ("a.pdf", drawn_in_pdf(link), "application/pdf"),
        ("a.docx", archive(word), "application/zip"),
        ("a.html", page, "text/html"),
    ):
        verdict = ENGINE.judge(with_file(mail("X <x@ap-sud.fr>", "Document", "Ci-joint."), name, raw, media).as_bytes())
        rules = {one.rule for one in verdict.findings}
        assert ("code.doubtful" in rules) == ("top" in link), (name, rules)
        assert ("code.link" in rules) == ("top" not in link), (name, rules)
        assert (verdict.score >= 0.5) == ("top" in link), (name, verdict.findings)
        assert not {one.rule for one in ENGINE.judge(raw, name).findings if one.rule.startswith("code.")}
