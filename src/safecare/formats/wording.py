"""What a mail asks of its reader, in French and English: asks, not words.

Each pattern joins an act with its object or a deadline with a loss ("your mailbox will be closed within
24 hours"), within one sentence of text whose accents, case, white space and invisible letters were
levelled first. A word alone ("urgent", "invoice", "password") gives nothing: hospitals write those all day.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

MAX_ASKED = 4_000
"""Letters in which asks are looked for. Chosen: 650 words; whoever asks for something says so at once."""
MAX_TEXT = 200_000
"""Letters of text that are judged: far above any mail that a person reads."""

GAP = r"[^.!?\n]{0,60}?\b"
"""Up to 60 letters within one sentence, to where a word begins or ends; written ``~`` below."""


_NO_WORD = re.compile(r"[^a-z0-9]+")
_WORDS_ONLY = "".join(one if one.isdigit() or "a" <= one <= "z" else " " for one in map(chr, range(128)))
FEW = 4
"""Places of a word around which is looked rather than in the whole text. Chosen."""
REACH = 320
"""Letters before and behind such a place: more than the longest ask of common words, with five gaps, takes."""
_STARTS = (6, 4, 3)
"""Letters by which words are looked up: as many as the word has that an ask needs, the longest first."""
_HEADS = tuple(itemgetter(slice(size)) for size in _STARTS)


@lru_cache(maxsize=4)
def words_of(levelled: str) -> frozenset[str]:
    """Return the words of a levelled text: runs of Latin letters and digits."""
    plain = levelled.translate(_WORDS_ONLY) if levelled.isascii() else _NO_WORD.sub(" ", levelled)
    return frozenset(plain.split())


@lru_cache(maxsize=4)
def _starts_of(levelled: str) -> frozenset[str]:
    words = words_of(levelled)
    return frozenset().union(*(map(head, words) for head in _HEADS))


def _by_start(needs: Iterable[str]) -> dict[str, list[str]]:
    """Return `needs` by the first letters of the longest word of each."""
    found: dict[str, list[str]] = {}
    for need in needs:
        word = max(_NO_WORD.split(need), key=len)
        found.setdefault(word[: next((size for size in _STARTS if len(word) >= size), _STARTS[-1])], []).append(need)
    return found


def any_of(*patterns: str) -> re.Pattern[str]:
    """Return what finds one of `patterns` as whole words; ``~`` stands for `GAP`."""
    return re.compile(r"\b(?:" + "|".join(one.replace("~", GAP) for one in patterns) + r")\b")


class Ask(NamedTuple):
    """A pattern, and what stands in all that it finds: one of each of `needs` at least, which is quickly seen.

    `starts`: first letters of a word of each, which are seen more quickly still, and which needs begin so; `heads` are
    these letters as sets: two sets are seen to have nothing in common sooner than a set and a dictionary.
    """

    pattern: re.Pattern[str]
    needs: tuple[tuple[str, ...], ...]
    starts: tuple[dict[str, list[str]], ...]
    heads: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, pattern: re.Pattern[str], *needs: str) -> Ask:
        """Return the ask of `pattern`; `needs` are joined by ``|``."""
        groups = tuple(tuple(one.split("|")) for one in needs)
        starts = tuple(map(_by_start, groups))
        return cls(pattern, groups, starts, tuple(map(frozenset, starts)))

    @classmethod
    def among(cls, *patterns: str, needs: tuple[str, ...]) -> Ask:
        """Return the ask of any of `patterns`, in which ``~`` stands for `GAP`."""
        return cls.of(re.compile(r"\b(?:" + "|".join(one.replace("~", GAP) for one in patterns) + ")"), *needs)

    def told(self, text: str) -> bool:
        """Tell whether the levelled `text` asks so."""
        words = _starts_of(text)
        if any(map(words.isdisjoint, self.heads)):
            return False
        for group, heads in zip(self.starts, self.heads, strict=True):
            for start in words & heads:
                if any(map(text.__contains__, group[start])):
                    break
            else:
                return False
        return self._found(text)

    def _found(self, text: str) -> bool:
        """Look around the places of the first need, where there are few."""
        places: list[int] = []
        for need in self.needs[0]:
            at = text.find(need)
            while at >= 0:
                places.append(at)
                if len(places) > FEW:
                    return _meant(text, self.pattern.search(text))
                at = text.find(need, at + 1)
        return any(
            _meant(
                text,
                self.pattern.search(text, max(0, at - REACH), (text.find(" ", at + REACH) + 1 or len(text) + 1) - 1),
            )
            for at in places
        )


_NEVER_ASKED = re.compile(
    r"\b(?:never|not|won't|jamais|pas|nie|niemals|nicht|nooit|niet|nunca|mai|non|nao|aldrig|ikke|inte|nigdy)\b"
    r"[^.!?\n]{0,25}\b(?:ask|request|demand|frag|bitt|aufford|vraag|vragen|ped|pid|chied|sporg|sporr|be om|pros|pyta)"
    r"\w*[^.!?\n]{0,40}$"
)
"""What stands before an ask that the writer says never to make."""


def _meant(text: str, found: re.Match[str] | None) -> bool:
    """Tell whether an ask was found, and not one that nobody is said ever to make."""
    return found is not None and not _NEVER_ASKED.search(text, max(0, found.start() - 90), found.start())


def _ask(pattern: str, *needs: str) -> Ask:
    return Ask.of(re.compile(rf"\b(?:{pattern.replace('~', GAP)})"), *needs)


_WITHIN = r"(?:within|in the next|sous|dans les|d'ici|avant) (?:\d{1,2}|une|two|deux|twenty)"
_SOON = "within |in the next |sous |dans les |d'ici |avant "
_LOSS = (
    r"(?:suspend|deactivat|disabl|clos|lock|terminat|delet|block|expir|"
    r"suspendu|desactive|bloqu|ferme|supprim|resili)\w*"
)
_LOST = "suspend|deactivat|disabl|clos|lock|block|terminat|delet|expir|desactive|bloqu|ferme|supprim|resili"
_ACCOUNT = (
    r"(?:accounts?|mailbox(?:es)?|e-?mail|access|password|comptes?|boites?|"
    r"messageries?|acces|mot de passe|sessions?|vpn)"
)
_NOW = r"(?:today|urgent\w*|now|immediate\w*|aujourd'hui|ce jour|confidentie\w+)"
_MACROS = "macro|the content|le contenu|editing|la modification"

ASKS: dict[str, tuple[Ask, ...]] = {
    "mail.text.urgency": (
        _ask(rf"{_ACCOUNT}\b~\b{_LOSS}~{_WITHIN}", _SOON, _LOST),
        _ask(rf"{_WITHIN}~{_ACCOUNT}\b~\b{_LOSS}", _SOON, _LOST),
        _ask(
            rf"{_ACCOUNT}\b~(?:will be|sera|seront|va etre|has been|a ete) (?:definitivement )?{_LOSS}",
            "will be |sera |seront |va etre |has been |a ete ",
            _LOST,
        ),
        _ask(
            r"(?:immediate|urgent) (?:action|attention|response)~(?:required|needed|requested)",
            "immediate |urgent ",
            "required|needed|requested",
        ),
        _ask(
            r"(?:action|reponse|intervention|mise a jour) (?:urgente|immediate|obligatoire)",
            " urgente| immediate| obligatoire",
        ),
        _ask(
            r"(?:failure to|defaut de|faute de|sans) (?:comply|act|do so|reponse|action|confirmation)"
            r"~(?:will|sera|entrain|result)",
            "failure to |defaut de |faute de |sans ",
            " comply| act| do so| reponse| confirmation",
        ),
        _ask(
            r"(?:last|final|dernier|derniere) (?:warning|notice|avertissement|rappel avant)",
            " warning| notice| avertissement| rappel avant",
        ),
    ),
    "mail.text.storage": (
        _ask(
            r"(?:mailbox|mail box|storage|inbox|quota|boite|messagerie|stockage|espace)\b"
            r"~(?:\d{2}(?:[.,]\d+)? ?%|(?:is|are|est) (?:almost |nearly |presque )?(?:full|plein\w*|satur\w*)|"
            r"exceed\w*|depass\w*|satur\w*|\d[\d.,]* ?(?:gb|go|mb|mo) (?:of|sur|out of|/))",
            "mailbox|mail box|storage|inbox|quota|boite|messagerie|stockage|espace",
        ),
    ),
    "mail.text.credentials": (
        _ask(
            r"(?:confirm|verify|validate|update|re-?enter|provide|send us)\w* (?:your|the)"
            r"~(?:password|credentials|login|identity|account details)",
            "password|credentials|login|identity|account details",
            " your| the",
        ),
        _ask(
            r"(?:confirm|verifi|valid|actualis|saisi|renseign|communiqu|transmett|entre[rz]\b)\w* "
            r"(?:vos|votre|le|les|de vos|de votre)~"
            r"(?:mot de passe|identifiants?|coordonnees|code d'acces|compte|messagerie)",
            "mot de passe|identifiant|coordonnees|code d'acces|compte|messagerie",
            "confirm|verifi|valid|actualis|saisi|renseign|communiqu|transmett|entrer|entrez",
        ),
        _ask(
            r"(?:log|sign) ?in~to~(?:keep|restore|avoid|continue|unlock|verify|review)",
            "login|log in|signin|sign in",
            "keep|restore|avoid|continue|unlock|verify|review",
        ),
        _ask(
            r"(?:sign|log|ouvr|open|us|access|connect|identif|utilis|authentif)\w*(?:-vous|-la|-le)?\b"
            r"~(?:(?:work|corporate|company|business|professional|office) (?:account|e-?mail|credentials|password)|"
            r"(?:compte|identifiants?|adresse|mot de passe) (?:professionnel|habituel|de session|de messagerie))",
            "account|email|e-mail|credentials|password|compte|identifiant|adresse|mot de passe",
            "work|corporate|company|business|professional|office|professionnel|habituel|session|messagerie",
        ),
        _ask(
            r"(?:connectez|identifiez|authentifiez)-vous~(?:pour|afin|sur|via)"
            r"~(?:conserver|retablir|eviter|debloquer|valider|verifier|maintenir)",
            "ez-vous",
        ),
    ),
    "mail.text.money": (
        _ask(
            r"(?:new|updated|changed?|nouve\w+|changement de|modification de)"
            r"(?: our| de nos| de vos| notre| nos)?"
            r"~(?:bank (?:details|account)|rib\b|iban|coordonnees bancaires)",
            "bank details|bank account|rib|iban|coordonnees bancaires",
            "new|updated|change|nouve|modification de",
        ),
        _ask(
            r"(?:make|process|effectu\w+|proced\w+|execut\w+|realis\w+)"
            rf"~(?:wire transfer|bank transfer|payment|virement)~{_NOW}",
            "wire transfer|bank transfer|payment|virement",
            "make|process|effectu|proced|execut|realis",
        ),
        _ask(
            r"(?:buy|purchase|achet\w+|procur\w+)"
            r"~(?:gift cards?|cartes? cadeaux?|coupons? (?:pcs|recharge|transcash))",
            "gift card|cadeau|coupon",
        ),
        _ask(r"(?:pay|payer|payment of|regl\w+|paiement de)~(?:bitcoin|btc|crypto)", "bitcoin|btc|crypto"),
    ),
    "mail.text.enable-content": (
        _ask(
            r"(?:click|press|choose|cliqu\w+|appuy\w+)"
            r"~(?:enable (?:content|editing|macros?)|activer (?:le contenu|la modification|les macros?))",
            "enable |activer ",
            "content|editing|macro|contenu|modification",
        ),
        _ask(
            r"(?:enable|activat|activ)\w*~(?:macros?\b|the content|le contenu|editing|la modification)"
            r"~(?:to|pour|afin|view|display|affich|lire|read)",
            _MACROS,
            "enable|activ",
        ),
    ),
    "mail.text.open-attachment": (
        _ask(
            r"(?:open|see|find|review|download|complete)\b~(?:attached|attachment|enclosed)",
            "attached|attachment|enclosed",
            "open|see|find|review|download|complete",
        ),
        _ask(
            r"(?:ouvr|consult|telecharg|complet|rempli|voir|trouver)\w*"
            r"~(?:piece[s]? jointe|ci-joint|document joint|fichier joint)",
            "piece jointe|pieces jointe|ci-joint|document joint|fichier joint",
        ),
        _ask(r"ci-joint|en piece jointe", "ci-joint|en piece jointe"),
    ),
    "mail.text.secrecy": (
        _ask(
            r"(?:keep this|garde[rz]? (?:ceci|cela|cette))~(?:confidential|between us|confidentiel\w*|entre nous)",
            "keep this|garde",
            "confidenti|between us|entre nous",
        ),
        _ask(
            r"(?:do not|don't|ne) (?:call|phone|tell|m'appel\w+|telephon\w+|parle[rz]|en parle[rz])"
            r"~(?:busy|meeting|reunion|anyone|personne| pas)",
            " call| phone| tell| m'appel| telephon| parle| en parle",
            "do not |don't |ne ",
            "busy|meeting|reunion|anyone|personne| pas",
        ),
    ),
}
"""Asks by fact. Patterns are linear in the text: every gap is bounded and lazy."""

_SPACES = re.compile("  +")
_LIKE = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i"})
"""Letters that are no letter with a mark: written as those who have none of them write them."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u064b-\u065f\u20d0-\u20ff\ufe20-\ufe2f]")
"""Combining marks (Unicode blocks of that name, and the Arabic vowel signs)."""
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_EMBEDDED = re.compile(
    "[\u202a\u202b][^A-Za-z\u202a-\u202e\u2066-\u2069]*\u202c|[\u2066-\u2068][^A-Za-z\u202a-\u202e\u2066-\u2069]*\u2069"
)
"""An embedding or isolate (UAX #9, 2) that is closed by its own sign and holds no Latin letter and no further sign: a
word of Arabic or Hebrew that its writer's program embeds, which turns nothing."""
_SPLIT_WORD = re.compile(
    "[^\\W\\d_][\u00ad\u200b\u2060\ufeff]+[^\\W\\d_]|[A-Za-z\u00c0-\u024f\u0370-\u04ff][\U000e0100-\U000e01ef]"
)
"""Letters with signs in between that nobody sees. Variants of letters (U+E0100 on) exist for ideographs only."""


def level(text: str) -> str:
    """Return `text` without accents, case, invisible letters and runs of white space; at most `MAX_TEXT` letters."""
    seen = text[:MAX_TEXT]
    if not seen.isascii():
        seen = _INVISIBLE.sub("", seen)
    plain = seen if seen.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", seen))
    plain = plain.replace("’", "'").lower()
    if not plain.isascii():
        plain = plain.translate(_LIKE)
    for space in "\t\r\f\v\xa0":
        plain = plain.replace(space, " ")
    return _SPACES.sub(" ", plain).replace("\n", " ")


def asked(levelled: str) -> set[str]:
    """Return the facts (`ASKS`) that hold for text that `level` has levelled."""
    start = levelled[:MAX_ASKED]
    return {fact for fact, kinds in ASKS.items() if any(one.told(start) for one in kinds)}


def disguised(text: str) -> set[str]:
    """Return ``mail.text.disguised`` for invisible letters inside words, or reversed writing."""
    seen = text[:MAX_TEXT]
    if seen.isascii() or (len(_SPLIT_WORD.findall(seen)) < 3 and not _BIDI.search(seen)):
        return set()
    return {"mail.text.disguised"}


def shown(text: str) -> str:
    """Return `text` as people see it: without signs that are invisible."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def broken(name: str) -> bool:
    """Tell whether invisible signs stand inside words of a name."""
    return not name.isascii() and bool(_SPLIT_WORD.search(name))


def has_bidi(name: str) -> bool:
    """Tell whether `name` holds a character that may reverse Latin letters, those of its ending among them."""
    return not name.isascii() and bool(_BIDI.search(_EMBEDDED.sub("", name)))
