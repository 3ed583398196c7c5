"""XML into elements that know their line; bounded, without entities, for model files and answers of devices."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from safecare.formats.problem import ModelFileError, Problem

MOST_BYTES = 256 << 20
"""Largest file. Chosen: some hundred times the largest published model."""
MOST_ELEMENTS = 5_000_000
"""Elements of one file. Chosen: what `MOST_BYTES` of usual models hold."""
MOST_DEPTH = 200
"""Deepest nesting. Chosen: a formula that a person wrote is not deeper than ten."""


@dataclass(slots=True)
class Element:
    """One element with its attributes, children, text (where it was asked for) and the line where it begins."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, *tags: str) -> list[Element]:
        """Return the children with one of `tags`."""
        return [child for child in self.children if child.tag in tags]


def parse_markup(raw: bytes, file: str, *, texts: bool = False) -> Element:
    """Return the root of the document in `raw`, with what stands between tags if `texts`.

    Raises `ModelFileError` with the line.
    """
    if len(raw) > MOST_BYTES:
        raise ModelFileError([Problem(file, 0, f"the file is larger than {MOST_BYTES >> 20} MB")])
    parser = expat.ParserCreate()
    top = Element("", {}, 0)
    open_elements = [top]
    count = 0

    def refuse(reason: str) -> ModelFileError:
        return ModelFileError([Problem(file, parser.CurrentLineNumber, reason)])

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS:
            raise refuse(f"the file holds more than {MOST_ELEMENTS} elements")
        if len(open_elements) > MOST_DEPTH:
            raise refuse(f"elements are nested deeper than {MOST_DEPTH}")
        element = Element(tag, attributes, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def entity(*_: object) -> None:
        raise refuse("entities are not taken")

    def text(data: str) -> None:
        open_elements[-1].text += data

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_elements.pop()
    parser.EntityDeclHandler = entity
    if texts:
        parser.buffer_text = True
        parser.CharacterDataHandler = text
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise ModelFileError(
            [Problem(file, error.lineno, f"this is no XML: {expat.ErrorString(error.code)}")]
        ) from error
    except (ValueError, LookupError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError([Problem(file, parser.CurrentLineNumber, f"this is no XML: {error}")]) from error
    return top.children[0]
