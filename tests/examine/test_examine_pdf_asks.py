"""Short PDFs that say what lures in mails say, and their honest twins: bills, codes of posters, manuals, letters."""

from __future__ import annotations

import io

import pytest
import segno
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.mail.pictures import coded_links
from safecare.examine.pdf.asks import lettered
from safecare.formats.wrapped import redirected

ENGINE = Engine(own=("hopital.example",))
ALARMS = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
STRANGE = "https://docs-viewer-portal.com/d/9f2a1"
MFA = "Multi-factor sign-in expires today. Scan the QR code with your phone to keep access to your account."


def paper(*lines: str, link: str = "", code: str = "", drawn: bool = False) -> bytes:
    """Return a PDF of one page of `lines`, a link over the last of them, and a code (QR) as a picture or drawn."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for number, line in enumerate(lines):
        canvas.drawString(60, 780 - 16 * number, line)
    if link:
        canvas.linkURL(link, (60, 792 - 16 * len(lines), 260, 808 - 16 * len(lines)))
    made = segno.make(code, error="m", micro=False) if code else None
    if made and drawn:
        for down, row in enumerate(made.matrix):
            for across, dark in enumerate(row):
                if dark:
                    canvas.rect(60 + 4 * across, 500 - 4 * down, 4, 4, stroke=0, fill=1)
    elif made:
        picture = io.BytesIO()
        made.save(picture, kind="png", scale=6, border=4)
        canvas.drawImage(ImageReader(picture), 60, 300, 150, 150)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def rules(raw: bytes) -> set[str]:
    return {one.rule for one in ENGINE.judge(raw, "paper.pdf").findings}


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        pytest.param(
            paper("Your mailbox is full and will be suspended.", "Verify your account to keep it.", "Sign in",
                  link="https://mailbox-upgrade.weebly.com/x"),
            "mail.lure.account", id="a full mail box",
        ),
        pytest.param(
            paper("Un document vous a été partagé. Connectez-vous avec votre adresse professionnelle.", "Ouvrir",
                  link="https://partage-docs.web.app/1"),
            "mail.link.hosted", id="a shared document in French",
        ),
        pytest.param(
            paper("Norton 360: $349.50 will be charged within 24 hours. Want to cancel the renewal?",
                  "Dial +1 805 555 0113."),
            "mail.order.callback", id="a bill to be disputed by telephone",
        ),
        pytest.param(
            paper("Invoice: $349.50. Your subscription has been renewed. To cancel this call us:",
                  "+ 1 [ 8 0 5 ] 5 5 5 - 0 1 1 3"),
            "mail.order.callback", id="a number whose digits stand apart",
        ),
        pytest.param(
            paper("Human verification. Press Windows + R, then CTRL + V and Enter.", "Verify",
                  link="https://verify-human.click/"),
            "mail.order.command", id="a command to be pasted",
        ),
        pytest.param(
            paper("I'm not a robot. Complete the verification to go on.", "Continue", link=STRANGE),
            "pdf.lure.human", id="a document that asks for a human",
        ),
        pytest.param(
            paper("This document is protected and can not be displayed.", "View document", link=STRANGE),
            "pdf.lure.unseen", id="a document that can't be seen",
        ),
        pytest.param(
            paper("A document has been shared with you.", "Open",
                  link="https://www.bing.com/ck/a?!&&p=1&u=a1aHR0cHM6Ly9kb2Mtc2hhcmUudG9wL28&ntb=1"),
            "pdf.lure.redirect", id="by a page that leads on",
        ),
        pytest.param(paper(MFA, code="https://mfa-renew.pages.dev/u"), "mail.code.asked", id="a code as a picture"),
        pytest.param(
            paper(MFA, code="https://mfa-renew.pages.dev/u", drawn=True), "mail.code.asked", id="a code that is drawn"
        ),
        pytest.param(paper("Proposal", "Open", link="ms-appinstaller:?source=https://x.example/r.appinstaller"),
                     "pdf.lure.starts", id="an address that installs a program"),
        pytest.param(paper("Your parcel is held. Customs fees are to be paid.", "Pay now", link=STRANGE),
                     "pdf.lure.stranger", id="a page whose owner is named nowhere"),
        pytest.param(paper("A document has been shared with you.", "View document", link=STRANGE),
                     "pdf.lure.pressed", id="a button, and little else"),
        pytest.param(paper("OneDrive", "A file was shared with you.", "Roster", link="https://roster-file.example/g"),
                     "mail.brand.spoken", id="headed by another's name"),
        pytest.param(paper("Images of Mrs R. for your opinion.", "Viewer", link="https://parc-view.example/Viewer.msi"),
                     "pdf.lure.program", id="a program to be fetched"),
        pytest.param(paper("Your parcel waits. Type: parcel-fee . example / p / 9931"),
                     "pdf.lure.spelled", id="an address with gaps"),
        pytest.param(
            paper("Bonjour, je suis en réunion. Merci d'acheter 12 cartes cadeaux Steam et d'envoyer les codes à",
                  "dg.prive@boite-libre.example. N'en parlez à personne."),
            "mail.order.cards", id="an answer to a mail box that nobody named"),
        pytest.param(
            paper("GENDARMERIE NATIONALE", "CONVOCATION EN JUSTICE : vous faites l'objet de poursuites.",
                  "Justifiez-vous sous 72 heures : brigade@gendarmerie-nationale.example"),
            "mail.order.stranger", id="an authority with a mail box of its own"),
        pytest.param(paper("Order renewed: $399.00. To cancel within 24 hours dial +1 (8 4\u200b4) 55 5 0127"),
                     "mail.order.callback", id="a number with signs that nobody sees"),
    ],
)  # fmt: skip
def test_lures_in_words_are_told(raw: bytes, rule: str) -> None:
    assert rule in rules(raw)
    assert ENGINE.judge(raw, "paper.pdf").verdict in ALARMS


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            paper("Facture 2026-114. Total TTC : 213,60 EUR. Échéance : 2 avril.", "Payer en ligne",
                  link="https://www.leroy-fournitures.fr/paiement/2026-114"), id="a bill with a link to pay",
        ),
        pytest.param(
            paper("To cancel your appointment please call us at 020 7946 0101 within 24 hours."), id="an appointment"
        ),
        pytest.param(
            paper("Your home insurance renews on 1 May. Premium: GBP 212.00, taken by direct debit.",
                  "Questions? Call 0345 555 0123."), id="an insurance that renews",
        ),
        pytest.param(
            paper("How was your stay? Scan the QR code and answer 6 questions.", code="https://forms.office.com/e/x8Q2"),
            id="a survey by a code",
        ),
        pytest.param(
            paper("Praxis Dr. Meier. Scan to pay.", code="BCD\n002\n1\nSCT\nBPOTBEB1\nRotes Kreuz\nBE72000000001616"),
            id="a code to pay by bank",
        ),
        pytest.param(
            paper("How to set up two factors: scan the code with your phone and sign in with your work account.",
                  code="https://aka.ms/authapp"), id="a guide of the house with its maker's code",
        ),
        pytest.param(
            paper("Press Windows + R and type gpedit.msc. Paste the following command into PowerShell:",
                  "Get-Service", link="https://learn.microsoft.com/powershell/"), id="a manual with commands",
        ),
        pytest.param(
            paper("Please wait. If this message is not replaced, your viewer can not display this document.",
                  "Reader", link="https://www.adobe.com/go/reader_download"), id="a form for its maker's reader",
        ),
        pytest.param(
            paper("A document has been shared with you on our site.", "Open", link="https://portal.hopital.example/d"),
            id="the house's own",
        ),
        pytest.param(
            paper("Leroy Fournitures: votre colis est retenu, des frais de douane restent à payer.", "Payer",
                  link="https://www.leroy-fournitures.fr/colis"), id="a firm that writes of its own parcel"),
        pytest.param(paper("Vernissage le 4 mai.", "S'inscrire", link=STRANGE), id="an invitation without an ask"),
        pytest.param(paper("La prime sera versée avec la paie.", "Intranet", link=STRANGE), id="a note on pay"),
        pytest.param(
            paper("Facture 12. Plomberie Garnier. Total : 1 240,00 EUR. Contact : 04 50 55 01 12,",
                  "plomberie.garnier@gmail.com"), id="a craftsman's bill with a private mail box"),
        pytest.param(paper("Data of the study", "Download", link="https://zenodo-data.example/set.zip"),
                     id="data as an archive"),
        pytest.param(paper("Microsoft OneDrive", "How to share a file.", "Read more",
                           link="https://www.microsoft.com/onedrive"), id="a guide of its maker's"),
    ],
)  # fmt: skip
def test_honest_papers_are_none(raw: bytes) -> None:
    assert ENGINE.judge(raw, "paper.pdf").verdict is Verdicts.CLEAN


@pytest.mark.parametrize(
    ("advice", "told"),
    [
        ("Please verify this letter on the telephone number already in your records.", False),
        ("Please call the phone number you already have to confirm.", False),
        ("Please confirm by the known number.", False),
        ("Please verify this letter by the number +44 20 7946 0011.", True),
        ("Please verify on the number already in your records, now +44 20 7946 0011.", True),
        ("Please verify on the number already in your records, or write to pay@steri.example.", True),
        ("Please do not call, our telephones are out of order.", True),
        ("", True),
    ],
)
def test_a_new_account_that_is_asked_back_by_a_known_number_is_none(advice: str, *, told: bool) -> None:
    change = "Following our merger our invoices from June will show the new account IBAN GB33 BUKB 2020 1555 5555 55."
    raw = paper("SteriTec Service Ltd.", "Change of bank details as of 1 June 2026", "Dear customer,", change, advice)
    assert ("mail.order.new-account" in rules(raw)) is told


def test_a_long_paper_is_not_judged_by_its_words() -> None:
    lines = ["Verify your account to keep it, or your mailbox will be suspended within 24 hours."] * 40
    assert not {one for one in rules(paper(*lines, link=STRANGE)) if one.startswith("mail.")}


def test_a_code_of_block_letters_is_a_picture() -> None:
    rows = [list(row) for row in segno.make(STRANGE, micro=False).matrix]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    text = "\n".join(
        "".join(" ▀▄█"[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )
    assert coded_links([lettered("Scan it:\n" + text + "\nwith your phone")]) == [STRANGE]
    assert not lettered("Scan it")


@pytest.mark.parametrize(
    ("address", "end"),
    [
        ("https://www.google.com/amp/s/evil.example/a", "https://evil.example/a"),
        ("https://www.youtube.com/redirect?q=https://evil.example/a", "https://evil.example/a"),
        ("https://www.linkedin.com/slink?code=gX1", "https://www.linkedin.com/slink?code=gX1"),
        ("https://www.google.com/url?q=https://evil.example/&sa=D&source=editors&ust=1", ""),
        ("https://www.google.com/maps", ""),
    ],
)
def test_pages_that_lead_on(address: str, end: str) -> None:
    assert redirected(address) == end
