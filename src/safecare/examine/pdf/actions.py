"""What a PDF does, by itself or on a click: scripts, programs, addresses, files elsewhere.

Source: ISO 32000-1:2008, 12.6 (actions), 7.11 (file specifications); attack classes after Müller et al., "Processing
Dangerous Paths" (NDSS 2021). Plain links that a reader clicks, and forms that are sent on a click, are no findings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from safecare.examine.api import Finding, Where
from safecare.examine.pdf.objects import Document, Object, references
from safecare.examine.pdf.strings import STRING, readable, text_of, unhexed
from safecare.model.text import Text, say

_KIND = re.compile(rb"/S\s*/(JavaScript|Launch|URI|SubmitForm|GoToR|GoToE|ImportData|Thread|GoTo|Named)\b")
_AUTO = re.compile(rb"/(?:OpenAction|AA)\b")
_STARTS = re.compile(
    rb"(?i)\.(?:exe|com|bat|cmd|ps1|vbs|js|scr|lnk|hta|msi|jar|sh|app|dll)\b|cmd|powershell|/Win\b|/Unix\b|/Mac\b"
)
_KEYED = re.compile(rb"/([A-Za-z0-9]{1,30})\s*(?:\(((?:[^()\\]|\\.){1,600})|<([0-9A-Fa-f\s]{8,1200})>)", re.DOTALL)
_NO_ACTION = re.compile(rb"/Type\s*/(?:Pages?|Catalog|Annot|XObject|Font)\b")
_CLICKED_ON = re.compile(rb"/S\s*/(?:URI|Launch)\b")
_ELSEWHERE = re.compile(rb"/F\s*(?:\(|<<|\d+\s+\d+\s+R)")
_ANNOTATION = re.compile(rb"/Type\s*/Annot|/Subtype\s*/(?:Widget|Link)")
_SCRIPTED = re.compile(rb"/(?:JS|OnInstantiate)\s*(?:(\d{1,10})\s+\d{1,5}\s+R|(?=[(<]))")
_FONT_MATRIX = re.compile(rb"/FontMatrix\s*\[[^\]]{0,200}[(<]")
_LINK = re.compile(rb"/URI\s*(?=[(<](?!<))")
_ADDRESS = re.compile(rb"(?i)^\s*(?:https?|ftp|smb|mhtml):[/\\]{0,4}[\w%]")
_FOREIGN = re.compile(rb"(?i)^\s*(?:\\\\[\w.-]{2,}|//[\w.-]{2,}/|file:[/\\]{2,5}[\w.-]+\.[\w.-]+[/\\]|smb:)")
_LOCAL = re.compile(rb"(?i)^\s*(?:file:/|/etc/|[a-z]:\\|\.\./\.\.|/(?:home|root|proc|users)/)")
_HARMLESS_KEYS = frozenset(
    b"URI Base Title Subject Author Creator Producer Keywords Contents T TU TM V DV Alt ActualText RegistryName "
    b"Registry Info OutputCondition "
    b"OutputConditionIdentifier Reason Location ContactInfo Name Lang E Dest D JS RC DA DS RV "
    b"Company SourceModified Comments Category Manager PTEX Fullbanner Desc CharSet Ordering".split()
)
"""Keys whose strings are shown or followed on a click, never fetched."""

CLICKED: dict[bytes, tuple[str, float, Text]] = {
    b"JavaScript": ("pdf.javascript", 0.15, say("A PDF holds a script.")),
    b"ImportData": ("pdf.imports", 0.6, say("A PDF loads form data from another file.")),
}
"""Finding by kind of an action that a click starts."""
AUTO: dict[bytes, tuple[str, float, Text]] = {
    b"JavaScript": ("pdf.javascript.auto", 0.35, say("A PDF runs a script by itself.")),
    b"URI": ("pdf.calls.auto", 0.65, say("A PDF calls an address by itself when it is opened or read.")),
    b"SubmitForm": ("pdf.submits.auto", 0.65, say("A PDF sends its form away by itself.")),
    b"GoToR": ("pdf.other.auto", 0.6, say("A PDF opens another file by itself.")),
    b"GoToE": ("pdf.other.auto", 0.6, say("A PDF opens another file by itself.")),
    b"ImportData": ("pdf.imports", 0.65, say("A PDF loads form data from another file.")),
    b"Thread": ("pdf.other.auto", 0.5, say("A PDF opens another file by itself.")),
}
"""Finding by kind of an action that runs by itself."""
NEXT_TO_IT = 0.3
"""Weight of going on to another file of the same folder by itself: papers in volumes do. Chosen."""
LAUNCH = say("A PDF starts a program or opens another file.")

_REACHING = re.compile(
    r"(?i)\b(exportDataObject|launchURL|getURL|submitForm|mailForm|mailMsg|mailDoc|importDataObject|openDoc|saveAs|"
    r"exportAs(?:FDF|XFDF|Text)\w*|SOAP\.\w+|Net\.HTTP\w*|Net\.SOAP\w*|createDataObject|addScript|importTextData|"
    r"trustedFunction|beginPriv|ADBC|extractPages|readFileIntoStream|importAnFDF|importAnXFDF|exportXFAData|"
    r"importXFAData|insertPages|openFDF|cTemplate|Collab\.(?:getIcon|collectEmailInfo)|media\.newPlayer|"
    r"spell\.customDictionaryOpen|launch)\s*\("
)
"""Calls by which a script reaches files and networks, or that are known holes (Acrobat JavaScript reference)."""
_UPDATE = re.compile(r"(?:this\.getURL|app\.launchURL)\(ADBE\.(?:Reader|Viewer)_Value_New_Version_URL\b")
"""What Adobe's form designer writes into each form: a newer reader is offered, at Adobe's address."""
_HIDING = re.compile(r"(?i)\b(?:eval|unescape|String\.fromCharCode|getAnnots?)\s*\(|this\.info\.\w+\.(?:replace|split)")
_NEVER_ENDS = re.compile(r"while\s*\(\s*(?:true|1|!0)\s*\)|for\s*\(\s*;\s*;\s*\)")
_CODE = re.compile(
    r"(?i)util\.printf\s*\(\s*[\"']%\d{4,}|(?:%u[0-9a-f]{4}){8,}|(?:\\x[0-9a-f]{2}){24,}|(?:\\u[0-9a-f]{4}){24,}"
)


def findings(document: Document) -> Iterator[Finding]:
    """Yield what the actions and file references of `document` do."""
    auto = _automatic(document)
    turns: list[int] = []
    for one in document.objects:
        where = Where(tag=f"object {one.number}", bytes=(one.at, one.at + len(one.text)))
        kinds = dict.fromkeys(_KIND.findall(one.text)) if b"/S" in one.text else {}
        inline = [
            found[1]
            for event in (_AUTO.finditer(one.text) if kinds else ())
            if (found := _KIND.search(one.text, event.end(), event.end() + 300))
        ]
        for kind in kinds:
            by_itself = one.number in auto or kind in inline
            if kind == b"Launch":
                weight = 0.85 if by_itself or _STARTS.search(_with_target(one, document)) else 0.4
                yield Finding("pdf.launch", LAUNCH, weight, where, kind="pdf.action")
            elif kind in (b"GoTo", b"Named"):
                turns += [one.number] if by_itself and b"/AA" in one.text else []
            elif kind in (AUTO if by_itself else CLICKED):
                rule, weight, why = (AUTO if by_itself else CLICKED)[kind]
                weight = NEXT_TO_IT if kind == b"GoToR" and _beside(one.text) else weight
                yield Finding(rule, why, weight, where, kind="pdf.action")
        yield from _outside(one, where, document)
    if len(turns) > 1:
        yield Finding(
            "pdf.turns", say("Pages of a PDF lead away from themselves when they are shown."), 0.5, kind="pdf.action"
        )


def _beside(text: bytes) -> bool:
    """Tell whether the file that an action leads to lies beside the PDF."""
    values = [
        literal or readable(unhexed(digits)) for key, literal, digits in _KEYED.findall(text) if key in (b"F", b"UF")
    ]
    return bool(values) and not any(_FOREIGN.match(one) or _ADDRESS.match(one) or _LOCAL.match(one) for one in values)


def _automatic(document: Document) -> set[int]:
    """Return the numbers of the objects that are reached from an automatic event, without a click."""
    found: set[int] = set()
    queue: list[int] = []
    for one in document.objects:
        for event in _AUTO.finditer(one.text) if b"/AA" in one.text or b"/OpenAction" in one.text else ():
            start = one.text[event.end() : event.end() + 2000].lstrip()
            if start.startswith(b"<<"):
                queue += references(start[: _close(start)])
            else:
                queue += references(start[:30])[:1]
        if b"/JavaScript" in one.text and b"/S" not in one.text:  # the tree of scripts that run at opening
            queue += references(one.text[one.text.find(b"/JavaScript") :][:40])[:1]
    while queue and len(found) < 5000:
        number = queue.pop()
        target = document.get(number)
        if number in found or target is None or _NO_ACTION.search(target.text):
            continue
        found.add(number)
        queue += references(target.text)[:100]
    return found


def _close(text: bytes) -> int:
    """Return where the dictionary that `text` begins with ends."""
    depth = 0
    for token in re.finditer(rb"<<|>>", text):
        depth += 1 if token.group() == b"<<" else -1
        if depth == 0:
            return token.end()
    return len(text)


def _with_target(one: Object, document: Document) -> bytes:
    return one.text + b" ".join(
        target.text[:500] for number in references(one.text)[:5] if (target := document.get(number))
    )


def _outside(one: Object, where: Where, document: Document) -> Iterator[Finding]:
    """Yield references that readers follow without being asked: addresses, foreign servers, files of the machine."""
    if b"(" not in one.text and b"<" not in one.text.replace(b"<<", b"") and one.stream is None:
        return
    clicked = b"SubmitForm" in one.text or _CLICKED_ON.search(one.text)
    for key, literal, digits in _KEYED.findall(one.text):
        value = literal.replace(b"\\\\", b"\\").replace(b"\\/", b"/") if literal else readable(unhexed(digits))
        if _FOREIGN.match(value) and key not in (b"Title", b"Contents", b"V", b"T", b"TU", b"Alt", b"ActualText"):
            why = say("A PDF refers to a file on a foreign server, which gets the reader's credentials.")
            yield Finding("pdf.foreign-server", why, 0.65, where, kind="pdf.outside")
        elif key in _HARMLESS_KEYS or clicked or not key.isalnum():
            continue
        elif _ADDRESS.match(value):
            why = say("A PDF loads something from outside when it is shown.")
            yield Finding("pdf.external", why, 0.55, where, kind="pdf.outside")
        elif _LOCAL.match(value) and key in (b"F", b"UF") and not re.search(rb"/EF\b", one.text):
            yield Finding(
                "pdf.local-file",
                say("A PDF reads a file of the machine that it is shown on."),
                0.5,
                where,
                kind="pdf.outside",
            )
    elsewhere = one.stream is not None and _ELSEWHERE.search(one.text)
    if elsewhere and not document.encrypted and not _ANNOTATION.search(one.text):
        why = say("A PDF loads something from outside when it is shown.")
        yield Finding("pdf.external", why, 0.55, where, kind="pdf.outside")


def links(one: Object) -> Iterator[str]:
    """Yield the addresses to which a click on `one` leads."""
    for found in _LINK.finditer(one.text):
        if string := STRING.match(one.text, found.end()):
            yield text_of(string)[:2000].decode("utf-8", "replace")


def scripts(document: Document) -> Iterator[tuple[Object, bytes | int]]:
    """Yield each script: its text, or the number of the object that holds it."""
    for one in document.objects:
        if b"/JS" not in one.text and b"/OnI" not in one.text:
            continue
        for found in _SCRIPTED.finditer(one.text):
            if found[1]:
                yield one, int(found[1])
            elif string := STRING.match(one.text, found.end()):
                yield one, text_of(string)


def font_script(document: Document) -> Iterator[Finding]:
    """Yield that a font's matrix holds text: readers written in JavaScript run it (CVE-2024-4367)."""
    for one in document.objects:
        if b"/FontMatrix" in one.text and _FONT_MATRIX.search(one.text):
            why = say("A font of a PDF holds a script that readers in a browser run.")
            yield Finding("pdf.font-script", why, 0.75, Where(tag=f"object {one.number}"), kind="pdf.script")
            return


def judged(script: bytes, one: Object) -> Iterator[Finding]:
    """Yield what the text of a script tells."""
    text = script[:200_000].decode("latin-1")
    where = Where(tag=f"object {one.number}")
    calls = sorted({found.split("(")[0] for found in _REACHING.findall(_UPDATE.sub("", text))})
    if calls:
        why = say("A script in a PDF reaches beyond the document ({calls}).", calls=", ".join(calls[:4]))
        yield Finding("pdf.javascript.reaches", why, 0.55, where, kind="pdf.script")
    hiding = len(set(_HIDING.findall(text)))
    if hiding >= 2 or (hiding and calls):
        yield Finding(
            "pdf.javascript.hides", say("A script in a PDF hides what it does."), 0.45, where, kind="pdf.disguise"
        )
    if _NEVER_ENDS.search(text) or _CODE.search(text):
        why = say("A script in a PDF never ends, or holds machine code.")
        yield Finding("pdf.javascript.attack", why, 0.7, where, kind="pdf.script")
