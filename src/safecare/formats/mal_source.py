"""Source text of a language of the Meta Attack Language (``.mal``), read into what its compiler would write.

Taken: includes, definitions, categories, assets (abstract, extending), variables, the five kinds of steps with tags,
``{C, I, A}``, times, what they ask for (``<-``) and reach (``->``, ``+>``), all operators of expressions, associations.
Of what changes the model while it is attacked (``A>``, ``R>``) only that it stands there.
Notes (``info``) say something to people only. Fields and steps that nothing defines are named with their line
(`safecare.formats.mal_check`).

Source: mal-lang.org, the language's grammar; github.com/mal-lang/mal-toolbox (what the compiler writes).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from safecare.formats.mal import wrong

MOST_SOURCE = 8 << 20
"""Bytes of all files of a language. Chosen: coreLang has some 100 kB."""
MOST_FILES = 200
"""Files of one language. Chosen: far above any published language."""
MOST_DEPTH = 50
"""Deepest brackets in an expression. Chosen: far above what people write."""
KINDS = {"|": "or", "&": "and", "#": "defense", "E": "exist", "!E": "notExist"}
CHANGES = {"A>": "append_reaches", "+A>": "append_reaches", "R>": "remove_reaches", "+R>": "remove_reaches"}
AFTER_CHANGES = frozenset({*KINDS, *CHANGES, "->", "+>", "let", "}"})
"""Where what an effect changes ends."""
SETS = {"\\/": "union", "/\\": "intersection", "-": "difference"}
SUMS = {"+": "addition", "-": "subtraction"}
PRODUCTS = {"*": "multiplication", "/": "division"}
_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>\"\"\".*?\"\"\"|\"(?:[^\"\\\n]|\\.)*\")|(?P<number>\d+\.\d+|\d+(?!\w))"
    r"|(?P<change>\+?[AR]>)|(?P<name>\w+)|(?P<sign><--|-->|<-|->|\+>|\\/|/\\|\.\.|!E\b|[|&#!{}\[\]():,.*@=\-+/^])",
    re.DOTALL | re.ASCII,
)
Include = Callable[[str], bytes]
"""Returns the bytes of another file of the language by the path that ``include`` gives; raises `OSError`."""


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def read_source(raw: bytes, file: str, include: Include | None) -> dict[str, Any]:
    """Return the language in `raw` as a specification. Raises `ModelFileError`."""
    found: dict[str, Any] = {"assets": [], "associations": []}
    waiting, seen, size = [(raw, file)], {file}, 0
    while waiting:
        text, name = waiting.pop(0)
        size += len(text)
        if size > MOST_SOURCE or len(seen) > MOST_FILES:
            raise wrong(name, f"a language has at most {MOST_FILES} files and {MOST_SOURCE >> 20} MB")
        parser = _Parser(text, name)
        parser.language(found)
        for path, line in parser.includes:
            if path in seen:
                continue
            seen.add(path)
            try:
                waiting.append(((include or _nothing)(path), path))
            except OSError as error:
                raise wrong(name, f"the included file {path} can't be read: {error.strerror or error}", line) from error
    lines: dict[str, int] = {}
    for asset in found["assets"]:
        if asset["name"] in lines:
            reason = f"asset {asset['name']} is defined twice: first in line {lines[asset['name']]}"
            raise wrong(asset["file"], reason, asset["line"])
        lines[asset["name"]] = asset["line"]
    return found


def _nothing(path: str) -> bytes:
    raise FileNotFoundError(2, "it isn't at hand", path)


def _tokens(raw: bytes, file: str) -> Iterator[_Token]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong(file, "this is no text (UTF-8)", raw[: error.start].count(b"\n") + 1) from error
    place, line = 0, 1
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise wrong(file, f"{text[place : place + 10]!r} is not understood", line)
        if match.lastgroup != "skip":
            yield _Token(match.lastgroup or "", match[0], line)
        line += match[0].count("\n")
        place = match.end()
    yield _Token("end", "", line)


class _Parser:
    """One file, token by token."""

    def __init__(self, raw: bytes, file: str) -> None:
        self.file, self.includes = file, list[tuple[str, int]]()
        self._tokens = list(_tokens(raw, file))
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _if(self, *texts: str) -> str:
        """Take the next token if it is one of `texts` (no string), and return it, else nothing."""
        return self._take().text if self._next.text in texts and self._next.kind != "text" else ""

    def _must(self, *texts: str) -> str:
        token = self._next
        if token.kind == "text" or token.text not in texts:
            self._fail(f"{' or '.join(texts)} is missing before {token.text[:40] or 'the end'!r}")
        return self._take().text

    def _name(self) -> str:
        token = self._take()
        if token.kind not in {"name", "number"}:
            raise wrong(self.file, f"{token.text[:40] or 'the end'!r} is no name", token.line)
        return token.text

    def _text(self) -> str:
        token = self._take()
        if token.kind != "text":
            raise wrong(self.file, f"{token.text[:40] or 'the end'!r} is no text in quotes", token.line)
        return token.text.strip('"')

    def _fail(self, reason: str) -> None:
        raise wrong(self.file, reason, self._next.line)

    def language(self, found: dict[str, Any]) -> None:
        """Read the whole file into `found`."""
        while self._next.kind != "end":
            line = self._next.line
            match self._must("include", "#", "category", "associations"):
                case "include":
                    self.includes.append((self._text(), line))
                case "#":
                    self._name()
                    self._must(":")
                    self._text()
                case "category":
                    category = self._name()
                    self._notes()
                    self._must("{")
                    while not self._if("}"):
                        found["assets"].append(self._asset(category))
                case _:
                    self._must("{")
                    while not self._if("}"):
                        found["associations"].append(self._association())

    def _notes(self) -> None:
        """Pass over ``user info: "..."`` and ``info: "..."``."""
        while self._next.kind == "name":
            ahead = [token.text for token in self._tokens[self._at + 1 : self._at + 3]]
            if ":" not in ahead:
                return
            while self._take().text != ":":
                pass
            self._text()

    def _asset(self, category: str) -> dict[str, Any]:
        line, abstract = self._next.line, bool(self._if("abstract"))
        self._must("asset")
        asset: dict[str, Any] = {"name": self._name(), "category": category, "isAbstract": abstract}
        asset |= {"superAsset": self._name() if self._if("extends") else None, "variables": [], "attackSteps": []}
        asset |= {"file": self.file, "line": line}
        self._notes()
        self._must("{")
        while not self._if("}"):
            if self._if("let"):
                name = self._name()
                self._must("=")
                asset["variables"].append({"name": name, "stepExpression": self._expression(0)})
            else:
                asset["attackSteps"].append(self._step())
        return asset

    def _step(self) -> dict[str, Any]:
        step: dict[str, Any] = {"line": self._next.line, "type": KINDS[self._must(*KINDS)], "name": self._name()}
        while self._if("@"):
            self._name()
        if self._if("{"):
            self._must("C", "I", "A")
            while self._must(",", "}") == ",":
                self._must("C", "I", "A")
        if self._if("["):
            if self._next.text != "]":
                step["ttc"] = self._sum(0)
            self._must("]")
        self._notes()
        if self._if("<-"):
            step["requires"] = {"overrides": True, "stepExpressions": self._list(steps=False)}
        if arrow := self._if("->", "+>"):
            step["reaches"] = {"overrides": arrow == "->", "stepExpressions": self._list(steps=True)}
        while change := self._if(*CHANGES):
            step[CHANGES[change]] = {"line": self._next.line}
            while self._next.kind != "end" and self._next.text not in AFTER_CHANGES:
                self._take()
        self._notes()
        return step

    def _list(self, *, steps: bool) -> list[dict[str, Any]]:
        found = [self._expression(0)]
        while self._if(","):
            found.append(self._expression(0))
        return [self._to_step(one) for one in found] if steps else found

    def _to_step(self, one: dict[str, Any]) -> dict[str, Any]:
        """Return `one` with its last name as that of a step."""
        if one["type"] == "field":
            return {"type": "attackStep", "name": one["name"], "line": one["line"]}
        if one["type"] == "collect" and one["rhs"]["type"] == "field":
            return {**one, "rhs": self._to_step(one["rhs"])}
        raise wrong(self.file, "this leads to no step", one["line"])

    def _expression(self, depth: int) -> dict[str, Any]:
        found, line = self._path(depth), self._next.line
        while sign := self._if(*SETS):
            found = {"type": SETS[sign], "lhs": found, "rhs": self._path(depth), "line": line}
        return found

    def _path(self, depth: int) -> dict[str, Any]:
        found, line = self._part(depth), self._next.line
        while self._if("."):
            found = {"type": "collect", "lhs": found, "rhs": self._part(depth), "line": line}
        return found

    def _part(self, depth: int) -> dict[str, Any]:
        if depth > MOST_DEPTH:
            self._fail(f"brackets stand more than {MOST_DEPTH} deep in each other")
        line = self._next.line
        if self._if("("):
            found = self._expression(depth + 1)
            self._must(")")
        else:
            found = {"type": "field", "name": self._name(), "line": line}
            if self._if("("):
                self._must(")")
                found["type"] = "variable"
        while sign := self._if("*", "["):
            found = {"type": "transitive" if sign == "*" else "subType", "stepExpression": found, "line": line}
            if sign == "[":
                found["subType"] = self._name()
                self._must("]")
        return found

    def _sum(self, depth: int) -> dict[str, Any]:
        found = self._product(depth)
        while sign := self._if(*SUMS):
            found = {"type": SUMS[sign], "lhs": found, "rhs": self._product(depth)}
        return found

    def _product(self, depth: int) -> dict[str, Any]:
        found = self._power(depth)
        while sign := self._if(*PRODUCTS):
            found = {"type": PRODUCTS[sign], "lhs": found, "rhs": self._power(depth)}
        return found

    def _power(self, depth: int) -> dict[str, Any]:
        found = self._time(depth)
        return {"type": "exponentiation", "lhs": found, "rhs": self._time(depth)} if self._if("^") else found

    def _time(self, depth: int) -> dict[str, Any]:
        if depth > MOST_DEPTH:
            self._fail(f"brackets stand more than {MOST_DEPTH} deep in each other")
        if self._if("("):
            found = self._sum(depth + 1)
            self._must(")")
            return found
        if self._next.kind == "number":
            return {"type": "number", "value": float(self._take().text)}
        found = {"type": "function", "name": self._name(), "arguments": []}
        if self._if("("):
            while not self._if(")"):
                found["arguments"].append(self._number())
                if self._next.text != ")":
                    self._must(",")
        return found

    def _number(self) -> float:
        sign = -1.0 if self._if("-") else 1.0
        token = self._take()
        if token.kind != "number":
            raise wrong(self.file, f"{token.text[:40] or 'the end'!r} is no number", token.line)
        return sign * float(token.text)

    def _association(self) -> dict[str, Any]:
        found: dict[str, Any] = {"file": self.file, "line": self._next.line, "leftAsset": self._name()}
        found["leftField"] = self._field()
        self._many()
        self._must("<--")
        found["name"] = self._name()
        self._must("-->")
        self._many()
        found["rightField"] = self._field()
        found["rightAsset"] = self._name()
        self._notes()
        return found

    def _field(self) -> str:
        self._must("[")
        name = self._name()
        self._must("]")
        return name

    def _many(self) -> None:
        """Pass over ``1``, ``*``, ``0..1`` and the like: an instance model has what it has."""
        if not self._if("*"):
            self._name()
        if self._if("..") and not self._if("*"):
            self._name()
