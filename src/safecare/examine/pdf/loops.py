"""Where a PDF leads in a circle, or asks for work without end: readers hang, or fill the memory.

Source: Mueller et al., "Processing Dangerous Paths" (NDSS 2021), denial of service; ISO 32000-1:2008, 7.3.10
(references), 7.5.7 (object streams), 7.10 (functions), 8.10 (forms), 12.3.3 (outlines), 12.6.2 (actions in turn).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

from safecare.examine.api import Budget, Finding, LimitError, Limits, UnreadableError, Where
from safecare.examine.pdf.directory import Directory
from safecare.examine.pdf.objects import Document, Object, decoded, references
from safecare.examine.pdf.values import members
from safecare.model.text import say

LOOP = say("A PDF leads in a circle: readers never come to its end.")
WEIGHT = 0.65
MOST_DRAWN = 1_000_000
"""Times that forms may be drawn by forms in all. Chosen: a map of symbols within symbols draws some ten thousand."""
MOST_FORMS = 4000
"""Forms whose contents are read for what they draw. Chosen: large drawings have some hundreds."""
MOST_FORM = 1024 * 1024
"""Bytes of contents that are read of all forms."""
MOST_OBJECT, MOST_LIST = 200_000, 100_000
"""Bytes of one object, and of one list in it, that are read. Chosen: a list of 5,000 pages has 50,000."""
MOST_LISTED, MOST_REFERENCE = 4 * 1024 * 1024, 20
"""Bytes of all lists that are read, and those that one reference counts for. Chosen: 200,000 references, 0.2 s; a book
of 1,000 pages has 60,000."""
MOST_PATTERNS = 8000
"""Bytes of a list of patterns that are read. Chosen: 500 of them."""
ONLY = 60
"""Bytes of an object that is nothing but a reference."""
UNCLOSED = 4000
"""Bytes of a list that are read which never ends."""
MOST_STACK = 100
"""Values that a function may have at once (ISO 32000-1, 7.10.5.2)."""
_NESTED = re.compile(rb"<<(?:[^<>]|<[^<>]{0,200}>|<<[^<>]{0,2000}>>){0,4000}>>")
"""Dictionaries within a list: their own references (to a parent, say) are not the list's."""
_LENGTH = re.compile(rb"/Length\s+(\d{1,10})\s+\d{1,5}\s+R")
_WALKS = {
    key: walk
    for walk in (b"Kids", b"Next First", b"Extends", b"Functions", b"Parent", b"SMask", b"Popup", b"IRT", b"Pattern")
    for key in walk.split()
}
"""Keys by which one object leads to others, and the walk that each belongs to."""
_LEADS = re.compile(rb"/(" + b"|".join(_WALKS) + rb")(?![A-Za-z0-9])")
_REFERENCE = re.compile(rb"\s*(\d{1,10})\s+\d{1,5}\s+R\b")
_ONLY = re.compile(rb"[\s\x00]*(?:\[[\s\x00]*)?(\d{1,10})\s+\d{1,5}\s+R[\s\x00]*\]?[\s\x00]*$")
_FORM = re.compile(rb"/Subtype\s*/Form\b")
_DRAWS = re.compile(rb"/([^\s\x00/<>\[\]()%]{1,120})\s+Do\b")
_COPIES = re.compile(rb"(\d{1,10})\s+copy\b")
_CALCULATES = re.compile(rb"/FunctionType\s+4\b")
_COMMENT = re.compile(rb"%[^\r\n]*")
_CALLS = re.compile(rb"[A-Za-z]\s?\([^()]{0,400}\)")
"""A call of a function: calculators have numbers, words and braces alone (ISO 32000-1, 7.10.5). CVE-2018-5158."""
_TARGET = re.compile(rb"/T\s+(\d{1,10})\s+\d{1,5}\s+R\b")


def findings(document: Document, directory: Directory) -> Iterator[Finding]:
    """Yield that `document` leads in a circle, once, and what asks for too much."""
    if circle := next((one for one in _circles(document, directory) if one), ""):
        yield Finding("pdf.loop", LOOP, WEIGHT, Where(tag=circle), kind="pdf.doubt")
    for one in document.streams:
        if b"/FunctionType" not in one.text:
            continue
        code, where = _calculator(one), Where(tag=f"object {one.number}")
        if any(int(found) > MOST_STACK for found in _COPIES.findall(code)):
            why = say("A function in a PDF asks for more memory than there is.")
            yield Finding("pdf.exhausts", why, 0.6, where, kind="pdf.doubt")
            return
        if _CALCULATES.search(one.text) and _CALLS.search(_COMMENT.sub(b"", code)):
            why = say("A function in a PDF holds a script that readers in a browser run.")
            yield Finding("pdf.function-script", why, 0.65, where, kind="pdf.script")
            return


def _circles(document: Document, directory: Directory) -> Iterator[str]:
    for walk, edges in _edges(document).items():
        if circle_of(edges) and (circle := circle_of(_edges(document, walk, _led_to(edges))[walk])):
            yield f"object {circle} {walk.split()[0].decode()}"
    only = {
        number: [int(found[1])] for number, one in document.last.items() if (found := _ONLY.match(one.text, 0, ONLY))
    }
    if circle := circle_of(only):
        yield f"object {circle}"
    targets = {
        one.number: [int(found[1])]
        for one in document.holding(_TARGET)
        if b"/R" in one.text and (found := _TARGET.search(one.text)) and document.get(one.number) is one
    }
    if circle := circle_of(targets):
        yield f"object {circle} T"
    for one in document.streams:
        if (found := _LENGTH.search(one.text)) and int(found[1]) == one.number:
            yield f"object {one.number} Length"
    if circle := circle_of(directory.chain()):
        yield f"directory at {circle}"
    yield _drawn(document)


def _led_to(edges: dict[int, list[int]]) -> set[int]:
    """Return the objects that may lie on a circle: others lead to them, and so on back."""
    led = Counter(target for targets in edges.values() for target in targets)
    free = [number for number in edges if not led[number]]
    left = set(edges).difference(free)
    while free:
        for target in edges[free.pop()]:
            led[target] -= 1
            if not led[target] and target in left:
                left.discard(target)
                free.append(target)
    return left


def _edges(
    document: Document, exact: bytes = b"", within: Collection[int] | None = None
) -> dict[bytes, dict[int, list[int]]]:
    """Return where each object leads, by walk.

    `exact`: only that walk, and only by its own outer keys, of the objects `within`.
    """
    edges: dict[bytes, dict[int, list[int]]] = {walk: {} for walk in _WALKS.values()}
    room = MOST_LISTED
    for one in document.holding(*(b"/" + key for key in _WALKS)):
        number = one.number
        if document.get(number) is not one or (within is not None and number not in within):
            continue
        own: dict[bytes, bytes] | None = None
        for found in _LEADS.finditer(one.text, 0, MOST_OBJECT):
            key = found[1]
            walk = _WALKS[key]
            if exact and walk != exact:
                continue
            if exact and own is None:
                own = dict(members(one.text))
            text = own.get(key, b"") if own is not None else one.text[found.end() : found.end() + min(MOST_LIST, room)]
            targets = _targets(text, document, key)
            least = MOST_PATTERNS // 10 if key == b"Pattern" else MOST_REFERENCE
            room -= max(least, MOST_REFERENCE * len(targets)) + _read(text)
            edges[walk].setdefault(number, []).extend(targets)
            if room < 0:
                return edges
    return edges


def _read(text: bytes) -> int:
    """Return how many bytes the list takes that `text` begins with; 0 where it is none."""
    return (text.find(b"]") + 1 or UNCLOSED) if text[:20].lstrip().startswith(b"[") else 0


def _targets(text: bytes, document: Document, key: bytes) -> list[int]:
    start = text[:20].lstrip()[:2]
    if start.startswith(b"["):
        listed = text[: _read(text)]
        return references(_NESTED.sub(b"", listed))[:5000]
    if start == b"<<" and key in (b"Pattern", b"Next"):
        return references(text[: text.find(b">>") + 1 or 4000])[:500]
    found = _REFERENCE.match(text)
    if found and key == b"Pattern" and (target := document.get(int(found[1]))) and target.stream is None:
        return references(target.text[:MOST_PATTERNS])[:500]
    return [int(found[1])] if found else []


def _calculator(one: Object) -> bytes:
    """Return the text of a function that calculates; empty where it can't be read."""
    try:
        return decoded(one, Budget(Limits(), 0), 64 * 1024)
    except (UnreadableError, LimitError):
        return b""


def _drawn(document: Document) -> str:
    """Return where a form draws itself, or forms draw each other beyond all measure; empty if none does."""
    forms = [one for one in document.streams if b"/Form" in one.text and _FORM.search(one.text)]
    nested = [
        one for one in forms if b"/XObject" in one.text.replace(b"/Type /XObject", b"").replace(b"/Type/XObject", b"")
    ]
    edges: dict[int, list[int]] = {}
    room, budget = MOST_FORM, Budget(Limits(), 0)
    for one in nested[:MOST_FORMS]:
        names = _names(one, document)
        if room <= 0 or not any(
            (form := document.get(number)) and _FORM.search(form.text) for number in names.values()
        ):
            continue
        try:
            text = decoded(one, budget, room)
        except (UnreadableError, LimitError):
            continue
        room -= len(text)
        edges[one.number] = [names[name] for name in _DRAWS.findall(text) if name in names]
    if circle := circle_of({number: list(dict.fromkeys(targets)) for number, targets in edges.items()}):
        return f"object {circle} XObject"
    count: dict[int, int] = {}
    for number in _inner_first(edges):
        count[number] = 1 + sum(count.get(target, 1) for target in edges[number])
        if count[number] > MOST_DRAWN:
            return f"object {number} XObject"
    return ""


def _names(form: Object, document: Document) -> dict[bytes, int]:
    """Return the numbers of what a form may draw, by name."""
    found: dict[bytes, int] = {}
    text = _resolved(dict(members(form.text)).get(b"Resources", b""), document)
    for name, value in members(_resolved(dict(members(text)).get(b"XObject", b""), document)):
        if reference := _REFERENCE.match(value):
            found[name] = int(reference[1])
    return found


def _resolved(value: bytes, document: Document) -> bytes:
    found = _REFERENCE.match(value)
    target = document.get(int(found[1])) if found else None
    return target.text if target else value


def _inner_first(edges: dict[int, list[int]]) -> list[int]:
    """Return the numbers of `edges`, which have no circle, so that each comes after those that it leads to."""
    order: dict[int, None] = {}
    for start in edges:
        stack = [start]
        while stack:
            rest = [one for one in edges[stack[-1]] if one in edges and one not in order]
            if rest:
                stack.append(rest[0])
            else:
                order[stack.pop()] = None
    return list(order)


def circle_of(edges: dict[int, list[int]]) -> int:
    """Return an object that leads back to itself, 0 if none does. Iterative: depth is the writer's choice."""
    state: dict[int, int] = {}
    for start in edges:
        stack = [(start, iter(edges.get(start, ())))]
        if state.get(start):
            continue
        state[start] = 1
        while stack:
            node, rest = stack[-1]
            for target in rest:
                if state.get(target) == 1:
                    return target
                if target in edges and not state.get(target):
                    state[target] = 1
                    stack.append((target, iter(edges[target])))
                    break
            else:
                state[node] = 2
                stack.pop()
    return 0
