"""Demands of a short PDF that no honest paper makes, whoever wrote it and wherever it leads.

A reader is to sign in to see what he has before him, to paste a command that hides, to pay lest stolen files come out,
to inherit from a stranger. Source: cybermalveillance.gouv.fr, "Hameconnage" and "Rancongiciel"; Microsoft, "Think
before you Click(Fix)" (2025); FBI IC3, "Advance Fee"; all read text that `safecare.formats.wording.level` levelled.
"""

from __future__ import annotations

import re

from safecare.formats.wording import Ask

_SIGN = (
    r"(?:(?:sign|log)(?:ging|ning)?[ -]?(?:in|on)|(?:connect|identifi|authentifi)e[rz][ -]?vous|"
    r"se connecter|s'(?:identifi|authentifi)er|(?:ver)?anmeld\w+|melden sie sich|einlogg\w+|"
    r"inici(?:e|ar|ando) sesion|acced(?:a|ere|er|endo|iendo)|acess(?:e|ar|ando)|autentic\w+|inlogg\w+|"
    r"meld u aan|log ind)"
)
_SEE = (
    r"(?:view|see|open|access|read|download|listen|release|retriev|consult|voir|ouvrir|lire|acceder|telecharg|"
    r"ecouter|"
    r"affich|recuper|debloqu|leer|ansehen|anzusehen|offnen|abrufen|abzurufen|lesen|anhoren|abrir|descargar|ver|visualizz|"
    r"visualiz|consultar|scaricare|leggere|baixar|bekijk|openen|lezen|beluister)\w*\b"
)
_SECRETS = (
    r"(?:credentials|identifiants|zugangsdaten|anmeldedaten|credenziali|credenciales|credenciais|inloggegevens|"
    r"(?:e-?mail|work|office|mailbox|account|messagerie|session|windows|microsoft|buro|firmen|"
    r"correo)\b[^.!?\n]{0,30}?\b"
    r"(?:password|mot de passe|passwort|kennwort|contrasena|senha|wachtwoord|konto|account))"
)
_STARTS = "sign|log|connect|identif|authentif|anmeld|meld|einlog|sesion|acced|acces|acess|autentic|inlog|logging"
SIGNS_IN = Ask.among(
    rf"{_SIGN}~{_SEE}",
    rf"{_SEE}~(?:{_SIGN}|(?:with|avec|mit|con|com|met)~{_SECRETS})",
    rf"(?:{_SIGN}|using|use|utilis\w+)~{_SECRETS}",
    needs=(
        _STARTS + "|credential|password|zugangsdaten|identifiants|credenzial|credencia|using|use|utilis|mot de passe",
    ),
)
"""Who has a paper before him needs no account to see it."""
_STOLEN = Ask.among(
    r"(?:downloaded|copied|stolen|exfiltrat\w+|telecharge\w*|copie\w*|vole\w*|exfiltre\w*|derobe\w*|heruntergeladen|"
    r"gestohlen|kopiert|robad\w+|descargad\w+|copiad\w+|rubat\w+|scaricat\w+|copiat\w+|gestolen|gekopieerd)"
    r"~(?:data|files|records|documents|donnees|fichiers|dossiers|daten|dateien|datos|archivos|dati|gegevens|"
    r"bestanden)",
    r"(?:data|files|records|documents|donnees|fichiers|dossiers|daten|dateien|datos|archivos|dati|gegevens|bestanden)"
    r"~(?:downloaded|copied|stolen|exfiltrat\w+|telecharge\w*|copie\w*|vole\w*|exfiltre\w*|derobe\w*|heruntergeladen|"
    r"gestohlen|kopiert|robad\w+|descargad\w+|copiad\w+|rubat\w+|scaricat\w+|copiat\w+|gestolen|gekopieerd)",
    needs=("data|files|record|document|donnee|fichier|dossier|daten|dateien|datos|archivo|dati|gegevens|bestanden",),
)
_COMES_OUT = re.compile(
    r"\b(?:publish|publie|publica|pubblica|leak|releas|diffus|divulg|mis(?:es?)? en ligne|vendu|sold|sell|"
    r"veroffentlich|gepubliceer)"
)
_HIDDEN_WAY = re.compile(r"\b[a-z2-7]{16,56}\.onion\b|\btox\b|\btor\b|\bqtox\b|\bsession id\b")
"""Ways to answer by which nobody is found."""
_TURN_TO = re.compile(
    r"\b(?:contact|write|reach|pay (?:us|the|a)|ecri(?:re|vez)|repond|payer?z?\b|negoti|negoci|ouvrez|open|visit|"
    r"schreib|kontakt|zahl|escrib|scriv|schrijf)"
)
"""Reports of such a case tell nobody to turn there."""
_IF = re.compile(r"\b(?:if an?|si un|wenn ein)\b[^.!?]{0,300}")
"""What papers teach about such a case."""
_KIN = re.compile(
    r"\b(?:meme nom|same (?:last |family |sur)?name|next of kin|heritier|heirs?\b|ayant droit|beneficia|legataire)"
)
_ANSWER = re.compile(
    r"\b(?:repond|contactez|recontact|reply|respond|get back|write to|contact me|votre accord|your consent)"
)
_SHARED = re.compile(r"\d ?%|\b(?:pour cent|percent|partag|shar)")
_SLY = re.compile(
    r"\b(?:powershell|pwsh|cmd)\b[^\n]{0,120}?\s-(?:w|win\w*) (?:h|1)|-e(?:p|x\w*) (?:bypass|unrestr)|"
    r"\s-e(?:nc?|c)\w* [a-z0-9+/=]{20}|"
    r"\b(?:iwr|irm|curl|wget|invoke-\w+)\b[^|\n]{0,300}\| ?(?:iex|invoke-expression|(?:ba|z)?sh)\b|"
    r"\b(?:mshta|msiexec\b[^\n]{0,40}|regsvr32\b[^\n]{0,60}|rundll32\b[^\n]{0,60}?)\s*\\?\"?https?:"
)
"""Commands that hide their window, step around the rules for scripts, or run what they fetch."""


_CHARGED = re.compile(
    r"\b(?:charg|debit|renew|billed|subscri|purchase|order\b|withdraw|transaction|payment|invoice|preleve|renouvel|"
    r"achat|commande|abonnement|facture|abgebucht|bestell|rechnung|cargo|compra|cobran|pedido|addebit|acquist|ordine|"
    r"afgeschreven|aankoop|refund)"
)
_AMOUNT = re.compile(
    r"(?:[$€£]|\b(?:usd|eur|gbp|chf)) ?\d[\d,. ]{0,9}\d\b|\b\d[\d,. ]{0,9}\d ?(?:[$€£]|(?:eur(?:os?)?|usd|"
    r"dollars?|btc)\b)"
)
_DISOWNED = re.compile(
    r"\b(?:not you\?|(?:was|is)(?:n't| not) you\b|did(?:n't| not) (?:make|authori|place|request|recogn|order|"
    r"initiat)|"
    r"(?:not|un) ?authori[sz]|unrecogni[sz]|(?:a|by) (?:mistake|error)\b|(?:n'etes |n'est |est )?pas a l'origine|"
    r"n'avez pas (?:effectu|autoris|pass|command|demand)|ne s'agit pas de vous|n'est pas vous|ne reconnaissez pas|"
    r"nicht (?:\w+ ){0,3}(?:aufgegeben|getatigt|bestellt|veranlasst|autorisiert|beauftragt)|nicht von ihnen|"
    r"no (?:ha|fue|reconoc|autoriz|realiz)\w*|nao (?:foi|reconhec|autoriz|realiz)\w*|non (?:ha|riconosc|autorizz)\w*|"
    r"niet (?:herken|geplaatst|geautoriseerd))"
)
_CANCELS = re.compile(
    r"\b(?:to|pour|zum|para|per|om te) (?:l'|la |le )?(?:cancel|stop|dispute|annul|contest|stornier|kundig)"
)
_RENEWED = re.compile(
    r"\b(?:auto-?renew|auto-?debit|(?:has been|was|been) (?:successfully )?(?:renewed|charged)|a ete renouvel)"
)
_CALLS = re.compile(
    r"(?:\bcall|\bphone|\bdial|\bspeak|\breach|contact|\bappel|\bjoign|\bruf|\banruf|\bllam|\bligu|\bchiam|"
    r"\bbel(?:len)?\b)"
    r"[^!?]{0,90}?\+?\(?\d[\d ().-]{7,24}\d"
)
"""A charge that is none of the reader's, and a number to dispute it: whose bill it is has a page (Talos, 2025)."""
_CARDS = re.compile(
    r"\b(?:gift ?cards?|cartes? cadeaux?|geschenkkarten?|gutscheinkarten?|tarjetas? (?:de )?regalo|cart[ea] regalo|"
    r"cadeaukaart\w*|(?:itunes|steam|google play|amazon|apple|neosurf|pcs) (?:gift )?(?:cards?|tickets?)|"
    r"tickets? neosurf)\b"
)
_CODES = re.compile(
    r"\b(?:scratch|gratt|kratz|rasc|rasp)|\b(?:pictures?|photos?|fotos?|send|envoy\w+|"
    r"mail) [^.!?]{0,50}\b(?:codes?|cards?|cartes?|back|dos)\b"
)
_BUYS = re.compile(r"\b(?:buy|purchas|pick(?:ing)? up|get|achet|procur|kauf|besorg|compr|acquist|koop)")
_SECRET = re.compile(
    r"\b(?:confidentie|confidential|discret|secret|vertraulich|riservat)|\b(?:do not|don't|ne|"
    r"n'en) (?:\w+ )?(?:discuss|tell|share|mention|parle|dit)|"
    r"\b(?:not discuss|personne, meme)"
)
_TRANSFER = re.compile(
    r"\b(?:transfers?|wire|virement|reglement|payment|deposit|uberweisung|transferencia|bonifico|acompte)\b"
)
_NOT_ASKED = re.compile(
    r"\b(?:(?:by|via|par) (?:e-?)?mail only|only by e-?mail|(?:repond|ecri|m'ecri)\w* (?:\w+ ){0,2}uniquement|"
    r"(?:reply|write|respond) only|only (?:reply|write) |(?:ne|can ?not|can't) (?:\w+ ){0,2}(?:etre joint|"
    r"be reached)|"
    r"pas (?:etre )?joi(?:nt|gnable)|board(?:ing)? a flight|reunion toute la journee|aucun echange (?:oral|telephon)|"
    r"in (?:a )?meetings? all day|adresse personnelle|personal (?:e-?mail|address))"
)
_OTHER_BANK = re.compile(
    r"\b(?:chang\w+|switch\w+|new|nouve\w+|updat\w+|modif\w+|neue\w*|geandert\w*|nuev\w+|cambi\w+|nuov\w+|"
    r"nov[oa]|nieuwe?|gewijzigd\w*)"
    r"\b[^.!?]{0,60}?\b(?:banks?|banking|accounts?|ibans?|rib|banque|comptes?|coordonnees bancaires|"
    r"bankverbindung|konto|cuentas?|conto|conta|rekening\w*)\b"
)
_TO_PAY = re.compile(
    r"\b(?:payments?|invoices?|remit|factur|regl|paiement|zahl|rechnung|pagos?\b|pagament|fattur|fatura|betal)"
)
_INSTEAD = re.compile(
    r"\b(?:disregard|ignor|no longer|ne plus|plus utiliser|ancien|old |previous|earlier|former|replac|remplac|"
    r"instead|"
    r"desormais|from now|effective|a compter|ab sofort|immediat|nunmehr|bisherig|anterior|precedent|voortaan)"
)
_ACCOUNT = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}|\baccount(?: no\.?| number)?\W{0,3}\d{6}")
_TASKS = re.compile(
    r"\b(?:like|lik(?:ing|er)|watch|rate|rating|review|subscrib|aim|regard|not(?:e[rz]|ant)|bewert|puntu|"
    r"valut)\w*\b[^.!?]{0,50}?"
    r"\b(?:videos?|hotels?|apps?|products?|produits?|channels?|chaines?|youtube|tiktok|reels?)\b"
)
_MESSENGER = re.compile(r"\b(?:whatsapp|telegram|signal)\b|\bt\.me/")
_DAILY = re.compile(
    r"\b(?:per|a|each|par|pro|al|por) ?(?:day|jour|tag|dia|giorno)\b|/ ?(?:day|jour|tag|dia)\b|\b(?:daily|"
    r"chaque jour|taglich)\b"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_NUMBER = re.compile(r"(?<![\w.])\+?\(?[\doil](?:[ ().-]{0,3}[\doil]){8,14}(?![\w@])")
_AS_DIGITS = str.maketrans("oil", "011")


def undisguised(text: str) -> str:
    """Return the levelled `text` with numbers to call as they are dialled: letters that look like digits are those."""
    return _NUMBER.sub(_dialled, text.translate(_DASHES))


def _dialled(found: re.Match[str]) -> str:
    digits = sum(map(str.isdigit, found.group()))
    return found.group().translate(_AS_DIGITS) if digits >= MOSTLY else found.group()


MOSTLY = 7
"""Digits of a number in which other letters stand for some. Chosen: words have none, numbers to call nine or more."""


def sly(text: str) -> bool:
    """Tell whether the levelled `text` holds a command that hides, or runs what it fetches."""
    return _SLY.search(text) is not None


def _all(text: str, *parts: re.Pattern[str]) -> bool:
    return all(one.search(text) for one in parts)


def demanded(text: str, facts: set[str]) -> set[str]:
    """Return the facts of demands in the levelled `text`; `facts` are those known so far."""
    found: set[str] = set()
    told = _IF.sub("", text)
    if _all(told, _HIDDEN_WAY, _COMES_OUT, _TURN_TO) and _STOLEN.told(told):
        found.add("mail.order.ransom")
    if "mail.lure.fortune" in facts and _all(told, _KIN, _ANSWER, _SHARED):
        found |= {"mail.order.stranger", "mail.lure.fortune"}
    charged = _all(told, _AMOUNT, _CHARGED) and (_DISOWNED.search(told) or _all(told, _CANCELS, _RENEWED))
    if charged and _CALLS.search(undisguised(told)):
        found.add("mail.order.callback")
    if _all(told, _CARDS, _CODES, _BUYS):
        found.add("mail.order.cards")
    if _all(told, _SECRET, _TRANSFER, _AMOUNT, _NOT_ASKED):
        found.add("mail.order.payment")
    if _all(told, _ACCOUNT, _OTHER_BANK, _TO_PAY, _INSTEAD):
        found.add("mail.order.new-account")
    if _all(told, _TASKS, _MESSENGER, _DAILY, _AMOUNT):
        found.add("mail.order.contact")
    return found
