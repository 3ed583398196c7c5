"""What strangers want who lead nowhere: an advance, a code typed at a genuine page, a call, silence money.

No link and no file can be judged in such mail; each ask joins two things that each are harmless. Kinds after FBI IC3
(advance fee, tech support, extortion), cybermalveillance.gouv.fr, Microsoft Threat Intelligence (device codes, 2025).
"""

from __future__ import annotations

import re

from safecare.formats.domains import registered
from safecare.formats.mail import FREE, Mail, addresses
from safecare.formats.wording import Ask

PRIVATE = frozenset({"mail.from.freemail", "mail.reply-to.freemail", "mail.text.answer-freemail"})
"""Whoever writes from a mail box that anyone gets, or wants answers there: by the field for it or in the text."""
_BENEFIT = (
    r"(?:grant|award\w*|subvention|bourse|inheritance|heritage|succession|donation|don|prize|lottery|loterie|funds?|"
    r"fonds|compensation|indemnisation|disbursement|deblocage|release|loan|pret|contract|erbschaft|spende|gewinn|"
    r"guthaben|auszahlung|darlehen|kredit|herencia|donacion|prestamo|premio|eredita|donazione|prestito|erfenis|lening|"
    r"uitbetaling|prijs|heranca|doacao|emprestimo)\b"
)
_FEE = (
    r"(?:(?:processing|handling|transfer|notary|release|registration|clearance|administrati\w+) (?:fee|charge)s?|"
    r"frais de (?:dossier|notaire|transfert|deblocage|traitement|douane|gestion)|"
    r"(?:bearbeitungs|notar|freigabe|anwalts)?(?:gebuhr\w*|kosten)|(?:gastos|tasas?|honorarios) de \w+|"
    r"(?:spese|tasse) (?:di )?\w+|taxas? de \w+)"
)
_ADVANCE = Ask.of(
    re.compile(rf"\b{_BENEFIT}[^\n]{{0,200}}?\b{_FEE}|\b{_FEE}[^\n]{{0,200}}?\b{_BENEFIT}"),
    "fee|charge|frais|gebuhr|kosten|gastos|tasa|honorario|spese|tasse|taxa",
)
_OFFER = Ask.among(
    r"\d[\d ,.]*(?:k|€|eur\w*|\$|usd|dollars)?~(?:per|a|each|par)~(?:day|week|month|jour|semaine|mois)"
    r"[^\n]{0,200}?(?:no interview|no experience|hours? a day|from home|remote|sans experience|a domicile|"
    r"(?:capital|rendement|gains?) (?:garanti|assure)\w*|guaranteed)",
    r"\d[\d ,.]* ?%~(?:per|a|each|par) (?:day|week|month|jour|semaine|mois)",
    needs=("day|week|month|jour|semaine|mois",),
)
_TRUST = Ask.among(
    r"(?:confier|entrust|hand over|move|recevoir|receive)~(?:malle|trunk|consignment|economies|savings|boxe?s?|"
    r"heritage|inheritance|fortune)",
    needs=("malle|trunk|consignment|economies|savings|box|heritage|inheritance|fortune",),
)
_THEFT = Ask.among(
    r"(?:we|nous|i|j'ai|my team|notre equipe|avons|have)~(?:copied|stole\w*|exfiltr\w+|derobe\w*|downloaded|encrypted|"
    r"detenons|vole\w*|copie\w*|recupere\w*|telecharge\w*|chiffre\w*|in our hands|possession)"
    r"~(?:files?|data\b|databases?|records?|fichiers?|donnees|dossiers?|bases?)",
    needs=("file|data|record|fichier|donnees|dossier|base",),
)
_VIOLENCE = Ask.among(
    r"bomb\w*|explos\w+|detonat\w+|device in (?:your|the) (?:building|hospital)|nobody gets hurt|engin explosif",
    needs=("bomb|bombs|explos|detonat|device in |nobody gets hurt|engin",),
)
_CHANNEL = re.compile(
    r"\b(?:telegram|signal|tox|session|onion|whatsapp|proton(?:mail)?|contact us|contactez-nous|ecrivez-nous|"
    r"write to us|reply to (?:this|get))\b"
)
_ELSE = re.compile(
    r"\b(?:bitcoins?|btc|monero|crypto\w*|publi\w+|leak\w*|divulg\w+|diffus\w+|sold|sell|vend\w+|mise en vente|"
    r"public\b|ransom|rancon)\b"
)
_CUSTOMER = Ask.among(
    r"(?:prezad[oa]|car[oa]|estimad[oa]|apreciad[oa]|gentile|egregio|beste|geachte|cher|chere|dear|valued|lieber?|"
    r"liebe|sehr geehrte[rn]?|hello|ola|hola)(?: \w+)? (?:cliente?s?|clients?|customers?|kund\w+|klant|relatie|"
    r"usuari[oa]|utilisateur|user|nutzer\w*|gebruiker|titular|contribuinte|contribuyente|assure|beneficiario)\b",
    r"cliente ?:",
    needs=(
        "client|customer|kund|klant|relatie|usuari|utilisateur|user|nutzer|gebruiker|titular|contribu|assure|benefici",
    ),
)
"""How organisations speak to people whose names they don't know."""
_OF_ACCOUNTS = frozenset(
    {
        "mail.lure.account", "mail.lure.court", "mail.lure.prize", "mail.lure.crypto", "mail.text.credentials",
        "mail.text.storage", "mail.from.brand-name", "mail.from.coded", "mail.brand.sender", "mail.from.role",
    }
)  # fmt: skip
_SUM = re.compile(
    r"(?:[$€£] ?|\b(?:usd|eur|gbp|us\$) ?)\d{1,3}(?:[ ,.]\d{3}){2}|"
    r"\b\d{1,3}(?:[ ,.]\d{3}){2}[ .,\d]{0,4} ?(?:[$€£]|usd|eur|dollars|pounds)|\b\d[\d.,]* ?(?:million|billion|mio)\b"
)
"""A sum of millions."""
_DEVICE = ("microsoft.com/devicelogin", "aka.ms/devicelogin", "/deviceauth", "google.com/device")
"""Pages at which a code, once typed, lets another machine into the reader's account."""
_INFECTED = Ask.among(
    r"(?:computer|pc|workstation|ordinateur|poste|device|appareil|windows|licen[cs]e)\b~"
    r"(?:virus|infect\w+|hacked|pirat\w+|block\w+|bloqu\w+|locked|compromis\w*|expire\w*)",
    r"(?:virus|infect\w+|hacked|pirat\w+|trojan)\b[^\n]{0,120}?"
    r"\b(?:computer|pc|ordinateur|poste|appareil|eteign\w+|call|appel\w+)",
    needs=(
        "virus|infect|hacked|pirat|block|bloqu|locked|compromis|expire|trojan",
        "call|dial|phone|ring|appel|contact|joign|compos",
    ),
)
_NUMBER = re.compile(
    r"\b(?:call|dial|phone|ring|appel\w*|contact\w*|joign\w+|composez)\b[^!?\n]{0,80}?\+?\(?\d[\d ().-]{7,17}\d"
)


_BOX = (
    r"(?:(?:usual|normal|work|office|professional|company|other) (?:e-?mail|mail ?box|account|address)|"
    r"(?:adresse|boite|messagerie)(?: mail| e-?mail| courriel)? "
    r"(?:habituelle|professionnelle|de travail|de l'entreprise)|"
    r"(?:ubliche|dienstliche|geschaftliche) (?:e-?mail\S*|adresse|mailadresse)|gebruikelijke (?:e-?mail\S*|adres)|"
    r"(?:correo|direccion|email) (?:habitual|corporativ[oa])|(?:casella|indirizzo|e-?mail) (?:abituale|aziendale)|"
    r"(?:e-?mail|endereco) (?:habitual|corporativo))"
)
_FAILS = (
    r"(?:down|not working|broken|blocked|hacked|unavailable|out of (?:order|service)|problems?|issues?|en panne|"
    r"bloque\w*|pirate\w*|hors service|indisponible|ne fonctionne\w*|en maintenance|probleme\w*|gestort|gesperrt|"
    r"funktioniert nicht|defekt|werkt niet|storing|no funciona|averiad\w+|bloquead\w+|non funziona|guast\w+|bloccat\w+|"
    r"nao funciona|avariad\w+)"
)
_STAND_IN = Ask.among(
    rf"{_BOX}~{_FAILS}\b",
    rf"{_FAILS}~{_BOX}",
    needs=(
        (
            "usual|normal|work|office|profession|company|other|habituel|travail|entreprise|ubliche|dienst|geschaft|"
            "gebruikel|habitual|corporativ|abituale|aziendale"
        ),
    ),
)
"""Said by whoever writes from a mail box that the reader doesn't know: the usual one doesn't work."""
_PAID = re.compile(
    r"\b(?:pa(?:y|id|yment|yments|iement|iements|yer|go|gos|gamento)|regl\w+|virements?|factur\w+|invoices?|iban|rib|"
    r"zahl\w+|rechnung\w*|uberweis\w+|betal\w+|factuur|fattur\w+|bonific\w+|fatur\w+|transferencia)\b"
)


_ADDRESS = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,3})")
TOLD = 4000
"""Letters of a mail in which an address to write to is looked for. Chosen: where asks are looked for."""


def answers(mail: Mail, base: str) -> set[str]:
    """Return the fact that the text names a private mail box, while the sender, at `base`, writes from elsewhere.

    A mail box that was taken over is no place for answers: its owner reads them.
    """
    if base in FREE or "@" not in mail.text[:TOLD]:
        return set()
    named = {registered(one.lower()) for one in _ADDRESS.findall(mail.text[:TOLD])}
    written = {registered(one) for _, one in addresses(mail.mime.headers, "To")}
    return {"mail.text.answer-freemail"} if named & FREE - written and base not in named else set()


def strangers(mail: Mail, facts: set[str], *, owner: bool) -> set[str]:
    """Return the facts of what an outsider wants; `owner`: a known organisation's own domain. `facts`: known so far."""
    if owner or facts & {"mail.list", "mail.from.inside", "mail.from.own"}:
        return set()
    text = mail.levelled
    found: set[str] = set()
    private = not facts.isdisjoint(PRIVATE)
    if private and "mail.lure.fortune" in facts and _SUM.search(text):
        found.add("mail.order.advance")
    if "mail.thread" in facts:
        return found
    if private and _STAND_IN.told(text) and _PAID.search(text):
        found.add("mail.order.stand-in")
    if private and facts & _OF_ACCOUNTS and _CUSTOMER.told(text):
        found.add("mail.order.institution")
    if private and (_ADVANCE.told(text) or _OFFER.told(text) or _TRUST.told(text)):
        found.add("mail.order.advance")
    if "mail.news" in facts:
        return found
    if (_THEFT.told(text) or _VIOLENCE.told(text)) and _ELSE.search(text) and (private or _CHANNEL.search(text)):
        found.add("mail.order.ransom")
    if any(one in text or any(one in target.lower() for target, _ in mail.links[:50]) for one in _DEVICE):
        found.add("mail.order.device-code")
    if not mail.links and _INFECTED.told(text) and _NUMBER.search(text):
        found.add("mail.order.callback")
    return found


__all__ = ["PRIVATE", "answers", "strangers"]
