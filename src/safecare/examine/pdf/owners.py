"""Who stands behind a short PDF, which has no sender: whoever it leads to, and whoever it wants an answer sent to.

Honest papers name them: a bill its firm, an invitation its hosts, a letter its writer. A lure borrows another's name,
and leads to a page or mail box that is called otherwise. Source: Stivala et al. (ACSAC 2023), as `lures`.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import Finding
from safecare.examine.mail.approaches import borrows
from safecare.examine.mail.names import ALARM, hosted
from safecare.examine.mail.relations import SENDING, by_form, common, named_by, without_addresses
from safecare.formats.domains import host_of, label, registered
from safecare.formats.mail import FREE, Mail
from safecare.formats.mail_links import SHORT
from safecare.formats.wording import level
from safecare.formats.wrapped import guarded
from safecare.model.text import say

FEW_LETTERS = 700
"""Letters of a document that is there for its button. Chosen: ten lines; letters and bills have more."""
LONGEST_HEAD = 60
"""Letters of the line by which a document is headed. Chosen: organisation and service in one line."""
STRANGER, PRESSED, PROGRAM = 0.3, 0.25, 0.25
"""Weights of a page whose owner is not named, of a button, and of a button that fetches a program. Chosen: none is
enough alone, and with what is asked they are."""
_ACT = re.compile(
    r"\b(?:view|open|review|see|read|download|sign|access|get|listen|play|pay|verify|confirm|update|continue|unlock|"
    r"log ?in|accept|approve|claim|validate|voir|ouvrir|consulter|lire|telecharger|signer|acceder|ecouter|payer|regler|"
    r"verifier|confirmer|valider|mettre a jour|continuer|debloquer|connexion|connecter|accepter|recuperer|actualiser|"
    r"click|clique[rz]|here|ici|(?:espace|compte) (?:client|personnel)|my account|portal|portail|"
    r"install\w*|recevoir|augmenter|receive|keep|release|"
    r"anzeigen|offnen|ansehen|herunterladen|anmelden|bestatigen|abspielen|anhoren|unterschreiben|bezahlen|erweitern|"
    r"abrir|ver|descargar|acceder|pagar|confirmar|firmar|visualizar|baixar|assinar|acessar|escuchar|"
    r"apri|accedi|paga|visualizza|scarica|conferma|verifica|firma|ascolta|"
    r"bekijk\w*|openen|downloaden|inloggen|betalen|bevestig\w*|beluister\w*|pobierz|otworz|zaloguj|zobacz)\b"
)
"""What buttons say."""
_PROGRAMS = tuple(f".{one}" for one in "exe scr js vbs hta lnk iso img vhd bat cmd ps1 msi jar xll".split())
"""Endings of what runs or is opened as a drive. Archives are none: papers offer data so."""
RUNNING = (
    *_PROGRAMS,
    *(f".{one}" for one in "jse vbe wsf url vhdx msix appx one msc rdp chm com pif cpl library-ms".split()),
    ".settingcontent-ms",
)
"""The same of files that a PDF carries; addresses of pages end so, too."""
_NO_ASK = frozenset(
    {"mail.lure.now", "mail.lure.click", "mail.text.open-attachment", "mail.text.house", "mail.link.executable"}
)
"""What is no ask: a press alone, what employers write of, and an archive of data."""
_PARTS = re.compile(r"[-_.\d]+")
_MATTERS = frozenset(
    "facture factures document documents doc docs fichier file files pdf online web net portal portail mail boleto via "
    "nota fiscal fiscale gov gouv amende bill bills invoices statement contrat contract signature sign bonus prime "
    "salaire salary payroll resultats resultat results viewer view share shared drive cloud new now".split()
) | {""}
"""Words of matters of which hosts are made that nobody is called by."""
_WRITTEN = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,5})")


def headed(said: str) -> str:
    """Return the first line of `said`, if it is as short as a name."""
    first = next((one.strip() for one in said.splitlines() if one.strip()), "")
    return first if len(first) <= LONGEST_HEAD else ""


def private(mail: Mail, text: str) -> str:
    """Return a domain to which answers go, if all those that `text` and its links give are of someone not named."""
    plain = level(without_addresses(text))
    hosts = {host_of(one) for one, _ in mail.links} - {""}
    written = {one.lower() for one in _WRITTEN.findall(text)}
    if not written or any(not _unnamed(one, plain) for one in hosts):
        return ""
    strange = all(registered(one) in FREE or _unnamed(one, plain) or borrows(plain, one) for one in written)
    return registered(min(written)) if strange else ""


def estranged(mail: Mail, told: set[str]) -> Iterator[Finding]:
    """Yield that the owner of the page to which a document leads is named nowhere in it, and that it is a button."""
    pages = [one for one, _ in mail.links if host_of(one)]
    if any(one.partition("?")[0].lower().endswith(_PROGRAMS) for one in pages):
        why = say("A short PDF is there for a program that is to be fetched.")
        yield Finding("pdf.lure.program", why, PROGRAM, kind="pdf.lure")
    if not told - _NO_ASK or not pages or all(map(by_form, pages)):
        return
    if not all(_unnamed(one, mail.levelled) for one in set(map(host_of, pages))):
        return
    why = say("A short PDF leads to a page whose owner is named nowhere in it.")
    yield Finding("pdf.lure.stranger", why, STRANGER, kind="mail.link")
    if len(mail.levelled) < FEW_LETTERS and any(_ACT.search(level(shown)) for _, shown in mail.links):
        why = say("A PDF says little, and wants a click on a button.")
        yield Finding("pdf.lure.pressed", why, PRESSED, kind="pdf.lure")


def _unnamed(host: str, text: str) -> bool:
    """Tell whether `host` is one of somebody unknown, whom the levelled `text` doesn't name, nor shows.

    Who shortens addresses for others has an owner, but not the one that counts.
    """
    if common(host) or guarded(host) or registered(host) in SENDING | SHORT:
        return False
    if not set(_PARTS.split(label(registered(host)))) - ALARM - _MATTERS:
        return True  # made of what it is about, which is no name
    return hosted(host) or not (registered(host) in text or named_by(host, text))
