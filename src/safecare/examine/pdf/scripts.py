"""Scripts of a PDF: where they stand, and what their text tells.

Most scripts of forms count, check and format. What counts is what reaches beyond the document, what hides it, what
never ends, and what exchanges the words of a form while it is printed or saved. Source: JavaScript for Acrobat API
Reference (Adobe, 2007); CVE-2024-4367 (fonts); Mueller et al., "Processing Dangerous Paths" (NDSS 2021), forms changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from safecare.examine.api import Finding, Where
from safecare.examine.pdf.actions import events
from safecare.examine.pdf.objects import Document, Object, references
from safecare.examine.pdf.spelled import folded, unspelled
from safecare.examine.pdf.strings import readable, string_at
from safecare.model.text import say

_SCRIPTED = re.compile(rb"/(?:JS|OnInstantiate)\s*(?:(\d{1,10})\s+\d{1,5}\s+R|(?=[(<]))")
_FONT_MATRIX = re.compile(rb"/FontMatrix\s*\[[^\]]{0,200}[(<]")
_MATRIX_ELSEWHERE = re.compile(rb"/FontMatrix\s*(?:(\d{1,10})\s+\d{1,5}\s+R|\[([^\]]{0,200}\d\s+R[^\]]{0,200})\])")
_TEXT = re.compile(rb"\(|(?<!<)<(?!<)")
MOST_SCRIPT = 200_000
"""Letters of one script that are read. Chosen: three times the longest of a form measured."""
MOST_BROKEN = 10
"""Texts of one object that never end; what follows the last is read as it stands. Chosen: honest ones have none, and
each takes as long as the longest text."""
_REACHING = re.compile(
    r"(?i)\b(exportDataObject|launchURL|getURL|submitForm|mailForm|mailMsg|mailDoc|importDataObject|openDoc|saveAs|"
    r"exportAs(?:FDF|XFDF|Text)\w*|SOAP\.\w+|Net\.HTTP\w*|Net\.SOAP\w*|createDataObject|addScript|importTextData|"
    r"trustedFunction|beginPriv|ADBC|extractPages|readFileIntoStream|importAnFDF|importAnXFDF|exportXFAData|"
    r"importXFAData|insertPages|openFDF|cTemplate|Collab\.(?:getIcon|collectEmailInfo)|media\.newPlayer|getURLData|"
    r"spell\.customDictionaryOpen|launch|XMLHttpRequest|WebSocket|sendBeacon)\s*\(\s*(?!\))|"
    r"\b(XMLHttpRequest|new\s+Image)\b|\b(fetch)\s*\(\s*[\"'`](?:https?:)?//|\b(XMLData\.parse)\s*\([^;]{0,400}<!ENTITY"
)
"""Calls by which a script reaches files and networks, or that are known holes."""
_UPDATE = re.compile(r"(?:this\.getURL|app\.launchURL)\(ADBE\.(?:Reader|Viewer)_Value_New_Version_URL\b")
"""What Adobe's form designer writes into each form: a newer reader is offered, at Adobe's address."""
_LINKS = re.compile(r"\b(?:this\.getURL|app\.launchURL)\(\s*([\"'])https?://[^\"']{1,2000}\1\s*(?:,\s*\w+\s*)?\)")
"""What a click may do: it is a link."""
_BESIDE = re.compile(r"\bimport(?:AnX?FDF|TextData)\(\s*([\"'])[\w .-]{1,100}\1\s*\)")
"""Data are taken from a file that lies beside the document: forms that teach do."""
_HIDING = re.compile(r"(?i)\b(eval|unescape|String\.fromCharCode|getAnnots?)\s*\(|(this\.info)\.\w+\.(?:replace|split)")
_BRACKETS = re.compile(r"\[\s{0,9}([\"'])([A-Za-z]\w{0,40})\1\s{0,9}\]")
"""A member called by its whole name in brackets: the same as behind a point."""
_RUNS_DATA = re.compile(
    r"(?i)\beval\s*\(\s*(?:unescape|decodeURI\w*|String\.fromCharCode|util\.stringFromStream|(?:this\.)?(?:info\.|"
    r"getAnnots?\b)|(?:this\.)?getField\s*\([^()]{1,200}\)\.value|\w+\[\d+\]\.(?:subject|author|contents))"
)
"""Text of the document, or coded text, is run as a script."""
_BY_NAME = re.compile(
    r"\b(?:app|this|util|Collab|SOAP|doc)\s*\[\s*(?:[\"'][^\"'\]]{0,60}[\"']\s*\+|[A-Za-z_$][\w$]*\s*\]\s*\()"
)
"""A call whose name is put together, or stands in a variable."""
_RUNS = re.compile(
    r"\beval\b|\bFunction\s{0,9}\(|\bset(?:TimeOut|Interval)\s{0,9}\(\s{0,9}[A-Za-z_$][\w$.]{0,60}\s{0,9},|"
    r"\.constructor\b[^;]{0,60}\(|\[\s{0,9}\w{1,40}\s{0,9}\+\s{0,9}[\"']\w{1,40}[\"']\s{0,9}\]\s{0,9}\("
)
"""What stands in a variable, or is put together, is run as a script."""
_DECODES = re.compile(
    r"(?i)\b(?:unescape|fromCharCode|charCodeAt|atob|decodeURI\w*|stringFromStream|streamDecode)\s{0,9}\(|"
    r"\bparseInt\s{0,9}\([^;]{1,80},\s{0,9}16\s{0,9}\)"
)
_HELD_ELSEWHERE = re.compile(
    r"\bgetField\s{0,9}\([^()]{1,200}\)\.value\b|\binfo\.\w|\.(?:subject|contents|author|richContents)\b"
)
"""Where a document holds text that is no script to look at."""
_TAMPERS = re.compile(r"\b__(?:define[GS]etter|lookup[GS]etter|proto)__|\bObject\.(?:prototype\b|setPrototypeOf)")
"""What changes the reader's own objects (CVE-2023-21608, CVE-2026-34621); forms have objects of their own at most."""
_SIGNS = re.compile(
    r"[\[\]()!+{}]{120}|(?:\xe3\x85\xa4|\xef\xbe\xa0|\xe1\x85[\x9f\xa0]|\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa4]|"
    r"\xef\xb8[\x80-\x8f]){32}"
)
"""A script of signs alone, as no one writes (JSFuck), or of letters that nobody sees (in UTF-8)."""
_FOREVER = re.compile(r"while\s*\(\s*(?:true|1|!0)\s*\)|for\s*\(\s*;\s*;\s*\)")
_LEAVES = re.compile(r"\b(?:break|return|throw)\b")
_DOUBLES = re.compile(r"(?:while|for)\s*\([^{}]{1,200}\{[^{}]{0,200}?\b(\w+)\s*(?:=\s*\1\s*\+\s*\1|\+=\s*\1)\s*[;}]")
_CALLS_ITSELF = re.compile(r"function\s+(\w+)\s*\([^()]{0,100}\)\s*\{[^{}?]{0,200}?\b\1\s*\([^{}?]{0,200}\}")
_CONDITION = re.compile(r"\b(?:if|return|switch|&&|\|\|)\b")
_CODE = re.compile(
    r"(?i)util\.printf\s*\(\s*[\"']%\d{4,}|(?:%u[0-9a-f]{4}){8,}|(?:\\x[0-9a-f]{2}){24,}|(?:\\u[0-9a-f]{4}){24,}"
)
_MEMORY = re.compile(
    r"\bnew\s+(?:(?:Shared)?ArrayBuffer|(?:Big)?U?[Ii]nt(?:8|16|32|64)(?:Clamped)?Array|DataView)\s*\("
)
"""Raw memory, which scripts of forms have no use for: exploits lay it out (CVE-2021-39863, CVE-2023-21608)."""
_SETS = re.compile(r"getField\s*\(\s*[\"']([^\"']{1,200})[\"']\s*\)\.value\s*=\s*[\"'\d]")
_PRINTS = frozenset({b"WP", b"WS", b"DP", b"DS"})
"""Events before and after printing and saving (ISO 32000-1, table 197)."""
_FIELD = re.compile(rb"/T\s*(?=\(|<(?!<))")
_FILLED = re.compile(rb"/V\s*(?:\(\s*[^\s)]|<\s*[0-9A-Fa-f]{2})")


def scripts(document: Document) -> Iterator[tuple[Object, bytes | int]]:
    """Yield each script: its text, or the number of the object that holds it."""
    for one in document.holding(b"/JS", b"/OnI"):
        broken = 0
        for found in _SCRIPTED.finditer(one.text):
            if found[1]:
                yield one, int(found[1])
            elif string := string_at(one.text, found.end()):
                yield one, readable(string)
            elif string is None and (broken := broken + 1) >= MOST_BROKEN:
                yield one, one.text[found.end() : found.end() + MOST_SCRIPT]
                break


def font_script(document: Document) -> Iterator[Finding]:
    """Yield that a font's matrix holds text: readers written in JavaScript run it (CVE-2024-4367)."""
    for one in document.holding(b"/FontMatrix"):
        if _FONT_MATRIX.search(one.text) or _refers_to_text(one, document):
            why = say("A font of a PDF holds a script that readers in a browser run.")
            yield Finding("pdf.font-script", why, 0.75, Where(tag=f"object {one.number}"), kind="pdf.script")
            return


def _refers_to_text(one: Object, document: Document) -> bool:
    """Tell whether the matrix of a font, or one of its numbers, stands elsewhere and holds text."""
    found = _MATRIX_ELSEWHERE.search(one.text)
    if found is None:
        return False
    matrix = document.get(int(found[1])) if found[1] else None
    text = matrix.text if matrix else found[2] or b""
    held = [target.text for number in references(text)[:6] if (target := document.get(number))]
    return any(_TEXT.search(each) for each in (text, *held))


def spelled(texts: Iterable[bytes]) -> Iterator[Finding]:
    """Yield that scripts of one document, with these `texts`, call beyond it by text that they put together."""
    plain = [one[:MOST_SCRIPT].decode("latin-1") for one in texts]
    calls = {"".join(found) for one in unspelled(plain) for found in _REACHING.findall(_BRACKETS.sub(r".\2", one))}
    if calls and not calls <= {"".join(found) for one in plain for found in _REACHING.findall(one)}:
        names = ", ".join(sorted(calls)[:4])
        why = say("A script in a PDF reaches beyond the document ({calls}).", calls=names)
        yield Finding("pdf.javascript.reaches", why, 0.55, kind="pdf.script")
        yield Finding("pdf.javascript.hides", say("A script in a PDF hides what it does."), 0.45, kind="pdf.disguise")


def judged(script: bytes, one: Object, *, auto: bool) -> Iterator[Finding]:
    """Yield what the text of a script tells that runs by itself (`auto`) or at a click."""
    written = script[:MOST_SCRIPT].decode("latin-1")
    text = _BRACKETS.sub(r".\2", folded(written))
    where = Where(tag=f"object {one.number}")
    plain = _BESIDE.sub("", _UPDATE.sub("", text))
    calls = sorted({"".join(found) for found in _REACHING.findall(plain if auto else _LINKS.sub("", plain))})
    if calls:
        why = say("A script in a PDF reaches beyond the document ({calls}).", calls=", ".join(calls[:4]))
        yield Finding("pdf.javascript.reaches", why, 0.55, where, kind="pdf.script")
    hiding = len({"".join(found).lower() for found in _HIDING.findall(text)})
    coded = _RUNS.search(text) and (_DECODES.search(text) or _HELD_ELSEWHERE.search(text))
    odd = any(one.search(written) for one in (_RUNS_DATA, _BY_NAME, _SIGNS, _TAMPERS))
    if hiding >= 2 or (hiding and calls) or coded or odd:
        yield Finding(
            "pdf.javascript.hides", say("A script in a PDF hides what it does."), 0.45, where, kind="pdf.disguise"
        )
    if _never_ends(text) or _CODE.search(text) or _MEMORY.search(text):
        why = say("A script in a PDF never ends, or holds machine code or raw memory.")
        yield Finding("pdf.javascript.attack", why, 0.7, where, kind="pdf.script")


def _never_ends(text: str) -> bool:
    """Tell whether a loop has no way out, doubles a text as it goes, or a function calls itself in any case."""
    for found in _FOREVER.finditer(text):
        body = _block(text, found.end())
        if not _LEAVES.search(body):
            return True
    if _DOUBLES.search(text):
        return True
    return any(not _CONDITION.search(found.group()) for found in _CALLS_ITSELF.finditer(text))


def _block(text: str, at: int) -> str:
    """Return the block in braces that begins at `at`, or what follows up to the end of the line."""
    depth = 0
    for place in range(at, min(len(text), at + 20_000)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth <= 0 and text[place] in "};\n" and text[at:place].strip():
            return text[at:place]
    return text[at : at + 20_000]


def exchanged(document: Document) -> Iterator[Finding]:
    """Yield that a script puts other words in place of what a form holds, while it is printed or saved."""
    filled: set[str] | None = None
    for one in document.holding(b"/AA"):
        for event, value in events(one, document):
            if event not in _PRINTS:
                continue
            numbers = references(value[:30]) if not value.startswith(b"<<") else []
            target = document.get(numbers[0]) if numbers else None
            text = target.text if target else value
            found = _SCRIPTED.search(text)
            script = (string_at(text, found.end()) if found and not found[1] else None) or b""
            names = set(_SETS.findall(readable(script)[:MOST_SCRIPT].decode("latin-1")))
            if names:
                filled = _filled(document) if filled is None else filled
            if names & (filled or set()):
                why = say("A form in a PDF says something else when it is printed or saved than it shows.")
                yield Finding("pdf.javascript.changes", why, 0.5, Where(tag=f"object {one.number}"), kind="pdf.script")
                return


def _filled(document: Document) -> set[str]:
    """Return the names of the fields that hold something."""
    return {
        readable(string_at(one.text, found.end()) or b"").decode("latin-1")
        for one in document.holding(b"/V")
        if b"/T" in one.text and _FILLED.search(one.text) and (found := _FIELD.search(one.text))
    }
