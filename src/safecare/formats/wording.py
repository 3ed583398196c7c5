"""What a mail asks of its reader, in French and English: asks, not words.

Each pattern joins an act with its object or a deadline with a loss ("your mailbox will be closed within
24 hours"), within one sentence of text whose accents, case, white space and invisible letters were
levelled first. A word alone ("urgent", "invoice", "password") gives nothing: hospitals write those all day.
"""

from __future__ import annotations

import re
import unicodedata

MAX_ASKED = 4_000
"""Letters in which asks are looked for. Chosen: 650 words; whoever asks for something says so at once."""
MAX_TEXT = 200_000
"""Letters of text that are judged: far above any mail that a person reads."""

_GAP = r"[^.!?\n]{0,60}?"
"""Up to 60 letters within one sentence, written ``~`` below."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one.replace('~', _GAP)})" for one in patterns))


_WITHIN = r"(?:within|in the next|sous|dans les|d'ici|avant) (?:\d{1,2}|une|two|deux|twenty)"
_LOSS = (
    r"(?:suspend|deactivat|disabl|clos|lock|terminat|delet|block|expir|"
    r"suspendu|desactive|bloqu|ferme|supprim|resili)\w*"
)
_ACCOUNT = r"(?:account|mailbox|e-?mail|access|password|compte|boite|messagerie|acces|mot de passe|session|vpn)"
_NOW = r"(?:today|urgent\w*|now|immediate\w*|aujourd'hui|ce jour|confidentie\w+)"

ASKS: dict[str, re.Pattern[str]] = {
    "mail.text.urgency": _any(
        rf"{_ACCOUNT}\b~\b{_LOSS}~{_WITHIN}",
        rf"{_WITHIN}~{_ACCOUNT}\b~\b{_LOSS}",
        rf"{_ACCOUNT}\b~(?:will be|sera|seront|va etre|has been|a ete) (?:definitivement )?{_LOSS}",
        r"(?:immediate|urgent) (?:action|attention|response)~(?:required|needed|requested)",
        r"(?:action|reponse|intervention|mise a jour) (?:urgente|immediate|obligatoire)",
        r"(?:failure to|defaut de|faute de|sans) (?:comply|act|do so|reponse|action|confirmation)"
        r"~(?:will|sera|entrain|result)",
        r"(?:last|final|dernier|derniere) (?:warning|notice|avertissement|rappel avant)",
    ),
    "mail.text.credentials": _any(
        r"(?:confirm|verify|validate|update|re-?enter|provide|send us)\w* (?:your|the)"
        r"~(?:password|credentials|login|identity|account details)",
        r"(?:confirm|verifi|valid|actualis|saisi|renseign|communiqu|transmett)\w* (?:vos|votre|le|les|de vos|de votre)~"
        r"(?:mot de passe|identifiants?|coordonnees|code d'acces|compte|messagerie)",
        r"(?:log|sign) ?in~to~(?:keep|restore|avoid|continue|unlock|verify|review)",
        r"(?:connectez|identifiez|authentifiez)-vous~(?:pour|afin|sur|via)"
        r"~(?:conserver|retablir|eviter|debloquer|valider|verifier|maintenir)",
    ),
    "mail.text.money": _any(
        r"(?:new|updated|changed?|nouve\w+|changement de|modification de)(?: our| de nos| de vos| notre| nos)?"
        r"~(?:bank (?:details|account)|rib\b|iban|coordonnees bancaires)",
        r"(?:make|process|effectu\w+|proced\w+|execut\w+|realis\w+)"
        rf"~(?:wire transfer|bank transfer|payment|virement)~{_NOW}",
        r"(?:buy|purchase|achet\w+|procur\w+)~(?:gift cards?|cartes? cadeaux?|coupons? (?:pcs|recharge|transcash))",
        r"(?:pay|payer|payment of|regl\w+|paiement de)~(?:bitcoin|btc|crypto)",
    ),
    "mail.text.enable-content": _any(
        r"(?:click|press|choose|cliqu\w+|appuy\w+)"
        r"~(?:enable (?:content|editing|macros?)|activer (?:le contenu|la modification|les macros?))",
        r"(?:enable|activat|activ)\w*~(?:macros?\b|the content|le contenu|editing|la modification)"
        r"~(?:to|pour|afin|view|display|affich|lire|read)",
    ),
    "mail.text.open-attachment": _any(
        r"(?:open|see|find|review|download|complete)\b~(?:attached|attachment|enclosed)",
        r"(?:ouvr|consult|telecharg|complet|rempli|voir|trouver)\w*"
        r"~(?:piece[s]? jointe|ci-joint|document joint|fichier joint)",
        r"ci-joint|en piece jointe",
    ),
    "mail.text.secrecy": _any(
        r"(?:keep this|garde[rz]? (?:ceci|cela|cette))~(?:confidential|between us|confidentiel\w*|entre nous)",
        r"(?:do not|don't|ne) (?:call|phone|tell|m'appel\w+|telephon\w+|parle[rz]|en parle[rz])"
        r"~(?:busy|meeting|reunion|anyone|personne|pas)",
    ),
}
"""Pattern by fact. Patterns are linear in the text: every gap is bounded and lazy."""

_NEEDED = {
    "mail.text.credentials": (
        *("password", "credential", "login", "identit", "account", "mot de passe", "identifiant", "coordonnees"),
        *("code d'acces", "compte", "messagerie", "log in", "sign in", "connectez", "identifiez", "authentifiez"),
    ),
    "mail.text.money": (
        "bank",
        "banc",
        "rib",
        "iban",
        "transfer",
        "payment",
        "virement",
        "card",
        "carte",
        "coupon",
        "coin",
        "btc",
        "crypto",
    ),
    "mail.text.enable-content": ("enable", "activ"),
    "mail.text.open-attachment": ("attach", "enclosed", "joint"),
    "mail.text.secrecy": (
        "confiden",
        "between us",
        "entre nous",
        "busy",
        "meeting",
        "reunion",
        "anyone",
        "personne",
        " pas",
    ),
}
"""Parts of words of which an ask holds at least one: looking for them is much faster than the patterns."""

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]"
)
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u064b-\u065f\u20d0-\u20ff\ufe20-\ufe2f]")
"""Combining marks (Unicode blocks of that name, and the Arabic vowel signs)."""
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SPLIT_WORD = re.compile("[^\\W\\d_][\u00ad\u200b\u2060\ufeff][^\\W\\d_]")


def level(text: str) -> str:
    """Return `text` without accents, case, invisible letters and runs of white space; at most `MAX_TEXT` letters."""
    seen = text[:MAX_TEXT]
    if not seen.isascii():
        seen = _INVISIBLE.sub("", seen)
    plain = seen if seen.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", seen))
    return re.sub(r"[ \t\r\f\v\xa0]+", " ", plain.replace("’", "'").lower()).replace("\n", " ")


def asks(text: str) -> set[str]:
    """Return the facts (`ASKS`) that hold for `text`, and ``mail.text.disguised`` for letters meant for filters."""
    return asked(level(text[:MAX_ASKED])) | disguised(text)


def asked(levelled: str) -> set[str]:
    """Return the facts (`ASKS`) that hold for text that `level` has levelled."""
    start = levelled[:MAX_ASKED]
    asks = (fact for fact in ASKS if fact not in _NEEDED or any(word in start for word in _NEEDED[fact]))
    return {fact for fact in asks if ASKS[fact].search(start)}


def disguised(text: str) -> set[str]:
    """Return ``mail.text.disguised`` for invisible letters inside words, or reversed writing."""
    seen = text[:MAX_TEXT]
    if seen.isascii() or (len(_SPLIT_WORD.findall(seen)) < 3 and not _BIDI.search(seen)):
        return set()
    return {"mail.text.disguised"}


def has_bidi(name: str) -> bool:
    """Tell whether `name` holds a character that reverses the direction of writing."""
    return bool(_BIDI.search(name))
