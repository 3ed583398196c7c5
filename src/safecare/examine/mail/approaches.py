"""First approaches of strangers: what nobody wants of somebody he has never met, least of all in this way.

A superior who only asks whether one is there, an authority in a private mail box, copies of identity papers, a code
from the reader's phone, an order on credit, a deposit today. Each joins what is wanted with who wants it or how; the
words alone stand in honest mail of every day. Kinds after FBI IC3 (business e-mail compromise, vendor and job fraud,
2023-2025), Microsoft and CISA (impostors of help desks, 2024), cybermalveillance.gouv.fr, Assurance Maladie (copies of
cards).
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import re

from safecare.examine.mail.names import hosted
from safecare.examine.mail.strangers import PRIVATE
from safecare.formats.domains import host_of, label, registered
from safecare.formats.mail import Mail
from safecare.formats.wording import Ask, level
from safecare.formats.wrapped import unwrapped

OPENER = 260
"""Letters of a mail that says nothing of its matter. Chosen: three short sentences and a signature."""
_THERE = Ask.among(
    r"(?:etes-vous|es-tu|are you|seriez-vous|serais-tu)~(?:disponible|available|libre|free|at your desk|in the office|"
    r"au bureau|around)",
    r"(?:quick|small|petit) (?:favou?r|task|request|service)\b",
    r"(?:repond\w+|reply|write back|get back to me|ecrivez-moi)"
    r"~(?:des que|as soon as|asap|when you|quand)",
    needs=(
        ("etes-vous|es-tu|are you|seriez|serais|favo|task|request|service|repond|reply|write back|get back|ecrivez"),
    ),
)
_PHONE = re.compile(r"\+?\(?\d(?:[ ().-]?\d){5,13}")
_BODY = re.compile(
    r"\b(?:ordre (?:national|des (?:medecins|infirmiers|pharmaciens|sages-femmes|chirurgiens|masseurs))|ministere|"
    r"conseil (?:national|de l'ordre)|police (?:nationale|judiciaire)|gendarmerie|interpol|europol|prefecture|"
    r"dgfip|finances publiques|impots|tresor public|assurance maladie|cpam|ameli|urssaf|parquet|procureur|"
    r"direction (?:centrale|departementale|regionale) d\w+|agence regionale de sante|oniam|haute autorite|"
    r"medical (?:board|council)|nursing (?:board|council)|board of (?:medicine|nursing|pharmacy)|licen[cs]\w+ board|"
    r"department of (?:health|justice|labor|homeland)|ministry of|internal revenue|social security administration|"
    r"medicare|medicaid|bundeszentralamt|finanzamt|rentenversicherung|zollamt|bundespolizei|polizeidirektion|"
    r"agencia tributaria|seguridad social|direccion general de trafico|agenzia delle entrate|guardia di finanza|"
    r"polizia (?:postale|di stato)|belastingdienst|autoridade tributaria|seguranca social|office for civil rights|"
    r"drug enforcement|federal bureau|hmrc)\b"
)
"""Authorities that have a domain of their own everywhere; town halls and practices often have none."""
_PUBLIC = re.compile(
    r"(?:^|\.)(?:gouv|gov|govt|gob|mil|nhs|sante|medecin|ordre)\.(?:[a-z]{2,4})$|\.(?:gov|mil|int|eu)$"
)
"""Domains of states and of professions, as far as their form tells."""
_PAPERS = Ask.among(
    r"(?:copy|copie|copies|photos?|scans?|pictures?|recto)~(?:votre|vos|your)~(?:passe?ports?|cartes? (?:nationales? )?"
    r"d'identite|pieces? d'identite|cni|carte (?:cps|vitale|professionnelle)|id cards?|driver'?s? licen[cs]e|"
    r"identity (?:card|document)|government.issued id|titre de sejour|medical licen[cs]e)\b",
    needs=("copy|copie|photo|scan|picture|recto", "votre|vos|your"),
)
_MANY = Ask.among(
    r"(?:list\w*|fichiers?|files?|copies|w-?2s?)\b~(?:personnel|agents|salaries|staff|employees|medecins|patients)\b"
    r"~(?:matricules?|numeros? de|portables?|adresses?|phone|address\w*|social security|ssn|dates? of birth|"
    r"dates? de naissance|rib)",
    needs=("list|fichier|file|copies|w2|w2s|w-2", "personnel|agents|salaries|staff|employees|medecins|patients"),
)
_WORK = re.compile(
    r"\b(?:position|job|resume|hiring|recruit\w*|interview|poste|emploi|profil|recrut\w+|candidature|assistants? en)\b"
)
_MESSENGER = Ask.among(
    r"(?:whatsapp|telegram|signal|wechat|google chat|hangouts|teams chat)\b",
    needs=("whatsapp|telegram|signal|wechat|google chat|hangouts|teams chat",),
)
_PAY = re.compile(
    r"[$€£] ?\d[\d,. ]*(?:k\b|/|per |an hour|a day|weekly)|\d ?[$€£] ?(?:/|par )|"
    r"\d ?(?:euros?|eur|usd|dollars?) ?(?:/|par |per |a )|"
    r"\bche(?:ck|que)~?[^.!?]{0,40}(?:mailed|sent|envoye)"
)
_EASY = re.compile(
    r"\b(?:no experience|aucune experience|sans experience|from home|a domicile|depuis votre telephone|hours? a day|"
    r"h(?:eures?)? par jour|paid daily|paiement quotidien|payee? quotidiennement)\b"
)
_NUMBER_WANTED = re.compile(
    r"\b(?:your|votre) (?:\w+ )?(?:mobile|cell|phone|whatsapp|portable|numero|telephone|personal e-?mail|"
    r"adresse personnelle)\b"
)
_FEE = Ask.among(
    r"frais d[e'] ?(?:dossier|inscription|regularisation|visa|traitement|formation)",
    r"(?:application|processing|registration|visa|training|reinstatement) fees?",
    needs=("frais d|fee",),
)
_TEASER = Ask.among(
    r"(?:opportunit\w+|proposition|proposal|business|transaction|deal|affaire|offer)\b~(?:benefi\w+|profit\w+|mutual\w*|"
    r"lucrati\w+)~(?:both|deux|mutual|us)",
    r"(?:sommes?|fonds|funds?|sum|amount|heritage)\b~(?:important\w*|large|considerable)?"
    r"~(?:vous concerne|a votre nom|en votre nom|in your name|concern\w* you)",
    r"(?:confirm|reply|let me know|confirmez|dites-moi)~(?:your|this|cette|votre)~(?:e-?mail|adresse)\b"
    r"~(?:active|valid\w*|still in use|toujours)",
    r"(?:faire (?:un )?don|donner|leguer|offrir|donat\w+|bequeath|give away)~\b(?:\d{2,3}(?:[ .,]\d{3})+)\b",
    r"(?:need|looking for|besoin d'|recherch\w+)~(?:un |a )?(?:loan|pret|credit|financement|funding)\b",
    needs=(
        (
            "opportunit|proposition|proposal|business|transaction|deal|affaire|offer|somme|fonds|fund|sum|amount|"
            "heritage|confirm|reply|let me know|dites-moi|don|leguer|offrir|bequeath|give away|loan|pret|credit|"
            "financement"
        ),
    ),
)
_YOURSELF = Ask.among(
    r"(?:your|vos|votre|with|avec)~(?:full name|names?|noms?)\b[ ,]{1,3}(?:\w+ ){0,3}?"
    r"(?:adresses?|address|telephones?|phone|amount|montant|age|occupation|profession)\b",
    needs=("name|nom",),
)
_RICHES = re.compile(
    r"\b(?:inherit\w*|heriti\w+|succession|heir|beneficiar\w+|loan|pret|fund(?:ing|s)?|fonds|donat\w+|million\w*)\b"
)
_QUOTE = Ask.among(
    r"(?:send|provide|need|request\w*|faire parvenir|envo\w+|transmettre|interested|souhait\w+|acquerir|purchas\w+)"
    r"~(?:pro ?-?forma|quot(?:e|ation)|devis|price list|tarifs?)",
    needs=("proforma|pro forma|pro-forma|quot|devis|price list|tarif",),
)
_CREDIT = re.compile(
    r"\bnet[ -]?(?:15|30|45|60|90)\b|\b(?:30|45|60|90) jours\b|\b(?:credit|payment) terms?\b|\bterms of payment\b|"
    r"\bconditions? de (?:paiement|reglement)\b|\bvirement international\b|\b(?:freight|shipping) agent\b|"
    r"\btransitaire\b|\bpurchase order on account\b"
)
_DEPOSIT = Ask.among(
    r"(?:acompte|arrhes|deposit|prepayment|advance payment|down payment)\b",
    needs=("acompte|arrhes|deposit|prepayment|advance|down payment",),
)
_AT_ONCE = re.compile(
    r"\b(?:today|aujourd'hui|ce jour|immediate\w*|ce soir|tonight|instantane\w*|avant (?:midi|\d{1,2} ?h)|"
    r"jusqu'a \d{1,2} ?h|before noon|by noon|(?:within|sous) \d{1,2} ?(?:h\b|hours|heures))"
)
_PROOF = Ask.among(
    r"swift copy|(?:la|une) preuve\b|preuve d[ue] \w+|proof of (?:payment|transfer)|payment (?:proof|slip|receipt)|"
    r"avis (?:de virement|d'execution)|copie (?:de l'ordre|du virement)|(?:wire|transfer) confirmation",
    r"(?:another|other|autres?) (?:buyer|acheteur|customer|client)s?\b",
    needs=("swift|preuve|proof|slip|receipt|avis|copie|confirmation|another|other|autre",),
)
_HOW_TO_CHANGE = Ask.among(
    r"(?:process|procedure|steps|form|marche a suivre|demarche|how)\b"
    r"~(?:updat\w+|chang\w+|mise a jour|modif\w+|enrol\w+)~(?:bank\w*|account|ach|rib|iban|coordonnees)",
    r"(?:bank\w*|ach|rib|iban|coordonnees bancaires)\b~(?:ont change|a change|changed)",
    needs=("bank|account|ach|rib|iban|coordonnees",),
)
ON_FILE = Ask.among(
    r"updat\w+~(?:vendor|supplier|fournisseurs?)~(?:file|record|master|profile|fiche)\b",
    r"(?:switch|mov\w+|migrat\w+)~(?:to|from)~(?:ach|wire|eft)\b",
    r"account (?:name|number)s?~(?:has|have) changed",
    needs=(
        "vendor|supplier|fournisseur|to ach|to wire|to eft|from ach|from wire|account name|account number",
        "updat|switch|mov|migrat|changed",
    ),
)
"""How a supplier's account stands in the books, and is to be changed there."""
_WHAT_IS_DUE = Ask.among(
    r"(?:total|list\w*|statement|etat|copies|releve|status|which)\b~(?:invoices|factures|payments|paiements|reglements)\b"
    r"~(?:due?s?\b|open|outstanding|scheduled|pending|currently|en attente|a venir|impaye\w*)",
    r"(?:total|list\w*|statement|etat|releve) (?:of|des|de) (?:all )?(?:(?:open|due|outstanding|unpaid|pending) )?"
    r"(?:invoices|factures)\b",
    needs=("invoices|factures|payments|paiements|reglements",),
)
_CODE = Ask.among(
    r"(?:(?:send|give|tell|forward|text|read|reply to) (?:it to )?(?:me|us)|"
    r"(?:envoy\w+|communiqu\w+|transmet\w+|donn\w+|dict\w+)-(?:moi|nous)|"
    r"(?:me|nous|m') ?(?:envoyer|communiquer|transmettre|donner))"
    r"~(?:codes?|otp|pin)\b~(?:you (?:receive|get|got|will)|recu|recev\w+|par sms|text|on your|sur votre)",
    r"(?:approve|accept) (?:it|the|that|this)\b~(?:push|prompt|notification|sign-?in)?~(?:send|give|tell) me",
    needs=("code|otp|pin|approve|accept",),
)
_REMOTE = Ask.among(
    r"(?:install\w*|download\w*|run|launch|open|ouvr\w+|telecharg\w+|lanc\w+)~(?:anydesk|teamviewer|quick ?assist|"
    r"assistance rapide|screenconnect|rustdesk|ultraviewer|supremo|prise en main)",
    needs=(
        (
            "anydesk|teamviewer|quick assist|quickassist|assistance rapide|screenconnect|rustdesk|ultraviewer|supremo|"
            "prise en main"
        ),
    ),
)
_MAILBOX = Ask.among(
    r"(?:sign|log|logged)[ -]?in~(?:to|with|using|via)~(?:your|the)~(?:e-?mail|microsoft|office ?365|outlook)\b",
    r"(?:verify|confirm|enter|provide|use) your (?:\w+ )?e-?mail (?:address )?and password",
    r"password~\bis your e-?mail",
    r"(?:connect\w+|identifi\w+|authentifi\w+)(?:-vous)?~(?:avec|via|a|par|sur)~(?:votre|vos)~(?:messagerie|adresse"
    r" (?:e-?mail |mail )?professionnelle|boite mail|e-?mail|courriel|outlook|office ?365)\b",
    r"authentification (?:\w+ )?(?:office|microsoft|outlook)",
    needs=("sign|log|verify|confirm|enter|provide|use|password|connect|identif|authentif",
           "email|e-mail|mail|microsoft|office|outlook|messagerie|adresse|courriel"),
)  # fmt: skip
_ITS_PASSWORD = Ask.among(
    r"(?:demand\w+|requi\w+|saisi\w+|entre[rz]|indiqu\w+|utilis\w+|avec|et|exige\w*|necessite\w*)"
    r"~mot de passe (?:de (?:votre |la )?)?(?:messagerie|boite|e-?mail|courriel)\b",
    r"(?:need\w*|require\w*|enter|provide|use|using|with|type)~(?:your|the) (?:e-?mail|mailbox|outlook|webmail)"
    r"(?: account)?(?:'s)? password",
    needs=(
        (
            "mot de passe de|mot de passe mes|mot de passe boi|mot de passe e|mot de passe cou|mail password|"
            "mailbox password|outlook password|webmail password|account password|'s password"
        ),
    ),
)
"""The password of the mail box itself, which opens nothing of anybody else's."""
STORES = frozenset(
    "sharepoint.com 1drv.ms onedrive.live.com dropbox.com box.com egnyte.com docsend.com mega.nz mediafire.com "
    "wetransfer.com we.tl drive.google.com docs.google.com notion.so notion.site canva.com canva.site transfernow.net "
    "smash.com fromsmash.com swisstransfer.com pcloud.com sync.com terabox.com gofile.io file.io sendspace.com".split()
)
"""Services where people leave files for others; none of them wants the password of a mail box."""
_TOLD = re.compile(r"\b(?:password|pass|pwd|mot de passe|mdp)(?: ?[:=] ?| (?:is|est) |[ :]{1,2}(?=\S*\d))\S{3}")
"""A password that is told: after a colon, or with a digit in it."""
_THREAT = re.compile(
    r"\b(?:investigation|warrant|arrest|suspen\w+|revok\w+|prosecut\w*|enquete|mandat|poursuites?|convocation)\b"
)
_PRESSED = re.compile(
    r"\bwithin (?:\d{1,2}|twenty.four) hours?\b|\bsous \d{1,2} ?h|\bimmediately\b|\bimmediatement\b|"
    r"\bdo not discuss\b|\bconfidenti\w+"
)
_CALLED = re.compile(r"\b(?:call|contact|phone|appel\w+|joign\w+|contactez)\b[^!?]{0,80}?\+?\(?\d[\d ().-]{7,17}\d")
_GIVE = Ask.among(
    r"(?:donate|donation|give|gift|faites un don|dons?|je donne)\b[^!?]{0,120}?\b(?:bitcoin|btc|crypto\w*|usdt|"
    r"gift cards?|cartes? cadeaux?)\b",
    needs=("bitcoin|btc|crypto|usdt|gift card|cadeau", "don|give|gift"),
)
_LISTED = Ask.among(
    r"(?:inscription|enregistrement|registration|listing|entry|parution|fiche|rpps)\b~(?:repertoire|registre|annuaire|"
    r"director(?:y|ies)|register|registry)\b",
    needs=("inscription|enregistrement|registration|listing|entry|parution|fiche|rpps",
           "repertoire|registre|annuaire|director|regist"),
)  # fmt: skip
_TO_PAY = re.compile(
    r"\b(?:regl\w+|pay(?:er|ez|able)?|due|acquitt\w+|cotisation|frais|fee)\b[^!?]{0,80}?"
    r"(?:[$€£] ?\d|\d ?(?:[$€£]|eur|usd|dollars))"
)
_HOLE = Ask.among(
    r"(?:vulnerabilit\w+|failles?|security (?:bug|issue|hole)|exposed database)\b",
    needs=("vulnerabilit|faille|security|exposed",),
)
_BOUNTY = re.compile(
    r"\b(?:reward|bounty|compensation|recompense|remuneration|prime)\b[^!?]{0,200}?"
    r"\b(?:otherwise|or else|forced to|sinon|contraints?|a defaut|disclos\w+|publi\w+|divulg\w+)\b"
)


def approaches(mail: Mail, display: str, domain: str, facts: set[str], *, signed: bool, owner: bool) -> set[str]:
    """Return the facts of what an outsider called `display` at `domain` wants at first sight.

    `facts`: those known so far. `signed`: a title stands in the sender's name or below the text. `owner`: the domain is
    a known organisation's own.
    """
    text = mail.levelled
    if facts & {"mail.list", "mail.from.inside", "mail.from.own"}:
        asked = mail.links and "mail.from.own" not in facts and not owner and _ITS_PASSWORD.told(text)
        return {"mail.order.mailbox"} if asked else set()
    found: set[str] = set()
    if not owner and "mail.thread" not in facts:
        found |= _authority(display, domain, facts)
    kept = _stored(mail)
    if (kept and _MAILBOX.told(text)) or ((mail.links or mail.files) and not owner and _ITS_PASSWORD.told(text)):
        found.add("mail.order.mailbox")
    if owner:
        return found
    private = not facts.isdisjoint(PRIVATE)
    if _PAPERS.told(text):
        found.add("mail.order.papers" if private else "mail.text.papers")
    if _CODE.told(text):
        found.add("mail.order.code")
    if _REMOTE.told(text):
        found.add("mail.order.remote")
    if "mail.thread" in facts:
        return found
    if _DEPOSIT.told(text) and _AT_ONCE.search(text) and _PROOF.told(text):
        found.add("mail.order.deposit")
    if _HOW_TO_CHANGE.told(text) and _WHAT_IS_DUE.told(text):
        found.add("mail.order.new-account")
    if _MESSENGER.told(text) and _EASY.search(text):
        found.add("mail.order.job")
    if _LISTED.told(text) and _TO_PAY.search(text):
        found.add("mail.order.directory")
    if "mail.news" not in facts and _GIVE.told(text):
        found.add("mail.order.coins")
    if _HOLE.told(text) and _BOUNTY.search(text):
        found.add("mail.order.ransom")
    return found | (_private(mail, text, signed=signed, kept=kept) if private else set())


def _private(mail: Mail, text: str, *, signed: bool, kept: bool) -> set[str]:
    """Return the facts of what a stranger with a private mail box wants."""
    found: set[str] = set()
    bare = not (mail.links or mail.files or _PHONE.search(text))
    if signed and bare and len(mail.text.strip()) < OPENER and _THERE.told(text):
        found.add("mail.order.contact")
    if _MANY.told(text):
        found.add("mail.order.data")
    work = _WORK.search(text)
    if work and (
        (_MESSENGER.told(text) and _PAY.search(text))
        or _FEE.told(text)
        or (_EASY.search(text) and _NUMBER_WANTED.search(text))
    ):
        found.add("mail.order.job")
    if _TEASER.told(text) or (_YOURSELF.told(text) and _RICHES.search(text)):
        found.add("mail.order.bait")
    if _QUOTE.told(text) and _CREDIT.search(text):
        found.add("mail.order.purchase")
    if kept and _TOLD.search(text):
        found.add("mail.order.stored")
    if _THREAT.search(text) and _PRESSED.search(text) and _CALLED.search(text):
        found.add("mail.order.callback")
    return found


def _authority(display: str, domain: str, facts: set[str]) -> set[str]:
    """Return the fact that the sender is called like an authority, at a domain that is none's."""
    named = _BODY.search(level(display[:200]))
    if not named or _PUBLIC.search(domain):
        return set()
    if "mail.from.freemail" in facts:
        return {"mail.from.authority"}
    words = {one for one in re.split(r"[^a-z]+", level(display[:200])) if len(one) > 3}
    theirs = any(one[:6] in label(domain) for one in words)
    return set() if theirs else {"mail.from.authority"}


def borrows(text: str, domain: str) -> bool:
    """Tell whether a levelled text is headed by an authority's name, and `domain` is none that authorities have."""
    return bool(_BODY.search(text[:200])) and not _PUBLIC.search(domain)


def _stored(mail: Mail) -> bool:
    """Tell whether a link leads to a service where people leave files for others, or to a page anyone can set up."""
    hosts = {host_of(unwrapped(target)) for target, _ in mail.links[:50]}
    return any(one in STORES or registered(one) in STORES or hosted(one) for one in hosts)


__all__ = ["ON_FILE", "STORES", "approaches", "borrows"]
