"""Words of a PDF that nobody sees and that speak to a machine: to the program that reads, sums up or judges it.

Each alone is honest: scans carry their words unseen over the picture, and papers write about such programs. Source:
OWASP, "LLM01:2025 Prompt Injection" (indirect, in documents); ISO 32000-1:2008, 9.3.6 (rendering modes of text), 8.6.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from safecare.examine.api import Finding, Where
from safecare.examine.pdf.drawn import writes
from safecare.examine.pdf.lures import PAGE
from safecare.examine.pdf.objects import Document, begun
from safecare.examine.pdf.placed import MOST_NESTED
from safecare.examine.pdf.shown import contents
from safecare.examine.pdf.strings import STRING, bytes_of
from safecare.examine.pdf.words import MOST_SHOWN, MOST_STREAMS, PLAIN, STRINGS, Font, fonts
from safecare.formats.linear import linear
from safecare.formats.wording import Ask, level
from safecare.model.text import say

MOST_UNSEEN = 4000
"""Letters that are judged. Chosen: such orders have some hundred."""
MOST_PAGES = 10
"""Pages that are read. Chosen: papers that are given to such programs have two."""
_WHITE = 0.98
"""Share of each colour from which letters are white."""
_MAY = linear(
    rb"\b[37]\s+Tr\b|(?:^|\s)(?:1(?:\.0*)?\s+){3}(?:rg|scn?)\b|(?:^|\s)1(?:\.0*)?\s+g\b|(?:^|\s)(?:0(?:\.0*)?\s+){4}(?:k|scn?)\b"
)
"""What stands in contents that hide letters."""
_TOKEN = linear(
    STRINGS
    + rb"|/[^\s/<>\[\]()%]{1,60}(?:\s+[\d.+-]{1,12}\s+Tf\b)?|\d\s+Tr\b|(?:[\d.+-]{1,16}\s+){1,4}(?:rg|g|k|scn?)\b|"
    rb"\b[fFBb]\*?\s|\bsh\b|\bDo\b|\bBI\b|\bET\b|T\*|\bT[dDm]\b|\bq\b|\bQ\b"
)
_IMAGE = linear(rb"/Subtype\s*/Image\b")
_INLINE = linear(rb"\bBI\s")
_PICTURES = frozenset(b"sh Do BI".split())
_FILLS = frozenset(b"f f* F B B* b b*".split())
"""What may lie behind white letters."""
_TOLD = (
    r"(?:instruction\w*|instruktion\w*|instrukt\w*|anweisung\w*|istruzion\w*|instruccion\w*|instruc\w+|instructies|"
    r"polecen\w*|instrukcj\w*|pokyn\w*|utasitas\w*|prompts?|directives?|consignes?)"
)
_MACHINE = (
    r"(?:(?:ai|ki|ia) ?-?(?:assist\w+|model\w*|agent\w*|system\w*|reviewer)|"
    r"(?:assist\w+|asist\w+|modele?|modello|modelo) (?:(?:d'|de |di )?(?:ia|ai))|(?:large )?language models?|"
    r"sprachmodell\w*|modele de langage|modello linguistico|modelo de (?:lenguaje|linguagem)|taalmodel\w*|llms?|"
    r"chatgpt|copilot)\b"
)
_ORDERS = Ask.among(
    rf"(?:ignor\w*|disregard|forget|override|vergiss|vergessen|missacht\w*|oublie\w*|dimentica\w*|olvid\w*|esque\w*|"
    rf"negeer|vergeet|pomin\w*|zignoruj\w*|bortse|glom)~{_TOLD}",
    rf"(?:note|message|attention|hinweis|nachricht|mitteilung|messaggio|mensaje|mensagem|nota|bericht|dear|instructions?)"
    rf"~{_MACHINE}",
    rf"{_MACHINE} ?[:,]",
    needs=(
        (
            "instru|anweis|istruz|polecen|pokyn|utasit|prompt|directive|consigne|assist|asist|model|llm|chatgpt|"
            "copilot|ai|ki|ia|language|large|sprach|taal"
        ),
    ),
)
"""Orders to a machine. In such words no one speaks to people."""
UNSEEN = 0.55
"""Weight: letters hidden from people that give orders to machines have no honest use, but a researcher's."""


def findings(document: Document) -> Iterator[Finding]:
    """Yield at most one finding."""
    scanned = bool(document.holding(_IMAGE))
    letters: dict[bytes, Font] | None = None
    room = MOST_SHOWN
    for page in islice((one for one in document.holding(b"/Page") if PAGE.search(one.text)), MOST_PAGES):
        streams = [one for number in contents(page, document)[:MOST_STREAMS] if (one := document.get(number))]
        content = b"\n".join(begun(one, room) for one in streams)[:room] if room > 0 else b""
        room -= len(content)
        if not writes(content) or not _MAY.search(content):
            continue
        letters = fonts(document) if letters is None else letters
        unseen = _unseen(content, letters, scanned=scanned or bool(_INLINE.search(content)))
        if _ORDERS.told(level("".join(unseen)[:MOST_UNSEEN])):
            why = say("A PDF holds words that nobody sees, which give orders to a program that reads it.")
            yield Finding("pdf.doubt.unseen", why, UNSEEN, Where(tag=f"object {page.number}"), kind="pdf.doubt")
            return


def _unseen(content: bytes, letters: dict[bytes, Font], *, scanned: bool) -> Iterator[str]:
    """Yield what `content` writes that no reader sees; what is unseen over scans says what they show."""
    font, hidden, white, ground = PLAIN, False, False, False
    kept: list[tuple[bool, bool]] = []
    for found in _TOKEN.finditer(content):
        token = found.group()
        if token[:1] in b"(<":
            string = STRING.fullmatch(token) if (hidden and not scanned) or (white and not ground) else None
            if string:
                yield font.read(bytes_of(string))
        elif token in _PICTURES or token.strip() in _FILLS:
            ground |= token in _PICTURES or not white
        elif token == b"q":
            kept = [*kept[-MOST_NESTED:], (hidden, white)]
        elif token == b"Q":
            hidden, white = kept.pop() if kept else (False, False)
        elif token[:1] == b"/":
            font = letters.get(token[1:].split(None, 1)[0], PLAIN) if token.endswith(b"Tf") else font
        elif token.endswith(b"Tr"):
            hidden = token[:1] in b"37"
        elif token[-1:] in b"gkcn":
            white = _is_white(token.split())
        else:
            yield " "


def _is_white(words: list[bytes]) -> bool:
    """Tell whether a colour is white: one value may be that of an ink."""
    values = [_number(one) for one in words[:-1]]
    if len(values) == 4:
        return max(values) <= 1 - _WHITE
    return min(values) >= _WHITE and (len(values) == 3 or words[-1] == b"g")


def _number(token: bytes) -> float:
    try:
        return float(token)
    except ValueError:
        return 0.5
