"""JSON and XML whose structure is bent, not only their bytes: readers of fields get what parsers of bytes let through.

Values are left out, exchanged, given another type, doubled under the same key, nested deeply; numbers are huge or none,
texts hold halves of characters, times lie at the ends of the calendar.
Source: RFC 8259, 4, 6 and 8.2 (what JSON leaves open: repeated names, ranges of numbers, lone surrogates); W3C XML 1.0,
2.2 and 4.1 (characters and references that may not be).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

DEEP = (3, 50, 1_100, 6_000)
"""Levels of nesting that are tried: usual, odd, above Python's own limit, far above it."""
LONG = 5_000
"""Characters of a long text, and digits of a long number (chosen: above Python's limit of 4,300 digits)."""


@dataclass(frozen=True)
class Raw:
    """A piece of JSON that is written as it stands."""

    text: str


ODD_JSON = (
    *(
        "null",
        "true",
        "0",
        "-0",
        "-1",
        "1e999",
        "-1e999",
        "1e-999",
        "0.1e1",
        "NaN",
        "Infinity",
        "-Infinity",
        "{}",
        "[]",
    ),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "9" * LONG),
    *('""', '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\\u202e"', f'"{"a" * LONG}"', '"0"', '"-1"', '"1e400"'),
    *('"9999-12-31T23:59:59.999999-23:59"', '"0001-01-01T00:00:00+23:59"', '"2026-02-30T00:00:00Z"'),
    *('"2016-12-31T23:59:60Z"', '"2026-11-26T03:00:00"', '"::"', '"999.1.1.1"', '"fe80::1%eth0"', '"10.0.0.0/33"'),
)
"""Values that are put in the place of others."""
ODD_XML = (
    *("&#xD800;", "&#0;", "&#x110000;", "&x;", "&amp;lt;", "<![CDATA[]]>", "<![CDATA[<a>]]>", "<!-- -- -->", "<?x ?>"),
    *("<x:y/>", "\x00", "\x0b", "]]>", "\ud800", "a" * LONG, "9" * LONG, "NaN", "-1", "<a", "</a>", "<!DOCTYPE a>"),
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
)
"""Pieces that are written into an element as they stand."""


def bend_tree(raw: bytes, chance: random.Random) -> bytes | None:
    """Return a tree like `raw` with one to three places bent; None for bytes that are no JSON or XML."""
    head = raw[:1]
    bend = _bend_json if head in (b"{", b"[") else _bend_xml if head == b"<" else None
    try:
        return bend(raw, chance) if bend else None
    except (ValueError, RecursionError):
        return None


class _Object(list[Any]):
    """Told apart from an array."""


def _bend_json(raw: bytes, chance: random.Random) -> bytes:
    tree = json.loads(raw.decode("utf-8", "surrogatepass"), object_pairs_hook=_Object)
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = list(_places(tree))
        if not places:
            break
        holder, at = chance.choice(places)
        _JSON[chance.randrange(len(_JSON))](holder, at, chance, places)
    return _written(tree).encode("utf-8", "surrogatepass")


_Place = tuple[list[Any], int]


def _places(tree: Any) -> Iterator[_Place]:
    """Yield every list or object with the number of each value in it."""
    if isinstance(tree, list):
        for at in range(len(tree)):
            yield tree, at
            yield from _places(_value(tree, at))


def _value(holder: list[Any], at: int) -> Any:
    return holder[at][1] if isinstance(holder, _Object) else holder[at]


def _put(holder: list[Any], at: int, value: Any) -> None:
    holder[at] = (holder[at][0], value) if isinstance(holder, _Object) else value


def _deleted(holder: list[Any], at: int, chance: random.Random, places: list[_Place]) -> None:
    del holder[at]


def _odd(holder: list[Any], at: int, chance: random.Random, places: list[_Place]) -> None:
    _put(holder, at, Raw(chance.choice(ODD_JSON)))


def _other(holder: list[Any], at: int, chance: random.Random, places: list[_Place]) -> None:
    _put(holder, at, Raw(_written(_value(*chance.choice(places)))))


def _doubled(holder: list[Any], at: int, chance: random.Random, places: list[_Place]) -> None:
    value = Raw(chance.choice(ODD_JSON))
    holder.insert(at + 1, (holder[at][0], value) if isinstance(holder, _Object) else value)


def _renamed(holder: list[Any], at: int, chance: random.Random, places: list[_Place]) -> None:
    if isinstance(holder, _Object):
        names = [one[number][0] for one, number in places if isinstance(one, _Object)]
        holder[at] = (chance.choice([*names, "", "\ud800", "x" * LONG]), holder[at][1])


def _nested(holder: list[Any], at: int, chance: random.Random, places: list[_Place]) -> None:
    depth, inner = chance.choice(DEEP), _written(_value(holder, at))
    opening, closing = chance.choice((("[", "]"), ('{"a":', "}")))
    _put(holder, at, Raw(opening * depth + inner + closing * depth))


def _many(holder: list[Any], at: int, chance: random.Random, places: list[_Place]) -> None:
    _put(holder, at, Raw("[" + ",".join([_written(_value(holder, at))[:200]] * chance.choice((2, 300))) + "]"))


_JSON: tuple[Callable[[list[Any], int, random.Random, list[_Place]], None], ...] = (
    *(_deleted, _odd, _odd, _other, _doubled, _renamed, _nested, _many),
)


def _written(tree: Any) -> str:
    match tree:
        case Raw():
            return tree.text
        case _Object():
            return "{" + ",".join(f"{json.dumps(name)}:{_written(value)}" for name, value in tree) + "}"
        case list():
            return "[" + ",".join(map(_written, tree)) + "]"
    return json.dumps(tree)


def _bend_xml(raw: bytes, chance: random.Random) -> bytes:
    try:
        root = ET.fromstring(raw)  # noqa: S314 - our own seeds, bent
    except ET.ParseError:
        return _spliced(raw, chance)
    for _ in range(chance.choice((1, 1, 2, 3))):
        elements = list(root.iter())
        one, other = chance.choice(elements), chance.choice(elements)
        match chance.randrange(8):
            case 0 if len(one):
                del one[chance.randrange(len(one))]
            case 1 if one is not other and one not in list(other.iter()):
                one.append(other)
            case 2:
                one.tag = chance.choice((other.tag, "x", "{urn:x}y"))
            case 3 if one.attrib:
                del one.attrib[chance.choice(list(one.attrib))]
            case 4:
                name = chance.choice([*one.attrib, *other.attrib, "code", "id"])
                one.set(name, chance.choice(("", "-1", "9" * LONG, "9999-12-31T23:59:59-23:59", "\u202e")))
            case 5:
                one.text = chance.choice((None, "", "9" * LONG, other.text))
            case _:
                return _spliced(_text(root).encode("utf-8", "surrogatepass"), chance)
    return _text(root).encode("utf-8", "surrogatepass")


def _spliced(raw: bytes, chance: random.Random) -> bytes:
    """Return XML with an odd piece between two of its elements, or deeply nested."""
    places = [at + 1 for at, byte in enumerate(raw) if byte == 0x3E]
    at = chance.choice(places) if places else len(raw)
    if chance.random() < 0.2:
        depth = chance.choice(DEEP)
        return raw[:at] + b"<a>" * depth + b"</a>" * depth + raw[at:]
    return raw[:at] + chance.choice(ODD_XML).encode("utf-8", "surrogatepass") + raw[at:]


def _text(element: ET.Element) -> str:
    """Return an element as text; other than the library's writer, with whatever it holds."""
    space, _, tag = element.tag.rpartition("}")
    attributes = "".join(f" {name.rpartition('}')[2]}={quoteattr(value)}" for name, value in element.attrib.items())
    declared = f" xmlns={quoteattr(space[1:])}" if space else ""
    inner = escape(element.text or "") + "".join(_text(child) + escape(child.tail or "") for child in element)
    return f"<{tag}{declared}{attributes}>{inner}</{tag}>"
