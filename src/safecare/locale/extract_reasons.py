"""Finding the reasons that parts give in plain English: their templates, for `safecare.locale.reasons`.

- what a door reports of itself, and why it refuses something: text in calls of ``report`` and ``reject``, and in
  what is kept to be told (``self.told = ...``);
- why a part steps aside, or what became of a file sent on: text in ``Missing(...)`` and ``Sent(...)``, and what the
  functions of `ANSWERS` return;
- why bytes can't be read: text in ``SomeError(...)`` of the rooms that read them;
- what the operating system and libraries say of files and connections: `SYSTEM`, `LIBRARIES`.

An f-string is its template: each value in it becomes a place.
"""

from __future__ import annotations

import ast
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

STATES = frozenset({"report", "reject"})
"""Methods that tell people how a door is."""
ASIDE = frozenset({"Missing", "PartMissing", "Sent"})
ANSWERS = frozenset({"lacking", "reasons", "state_of"})
"""Functions whose text says why a part steps aside, or how it is."""
TOLD = "told"
"""Attribute that keeps what is told later."""
ROOMS = ("app", "correlate", "detect", "examine", "exchange", "formats", "model", "notify", "share", "sources", "store")
"""Rooms whose reasons reach a screen."""

SYSTEM = (
    *(errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG),
    *(errno.EEXIST, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENXIO, errno.ENODEV, errno.EBUSY),
    *(errno.EMFILE, errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE),
    *(errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH),
)
"""Its errors (POSIX.1-2017, errno.h) that people meet; Python gives their words in English."""
LIBRARIES = (
    *("[Errno {number}] {reason}", "[Errno {number}] {reason}: {path}"),
    *("Input data was truncated", "JSON is malformed: {reason} (byte {offset})", "invalid character"),
    *("trailing characters", "trailing comma in object", "trailing comma in array", "object keys must be strings"),
    *("no element found", "syntax error", "not well-formed (invalid token)", "unclosed token", "mismatched tag"),
    *("duplicate attribute", "junk after document element", "undefined entity", "unbound prefix"),
)
"""What those say that read files: Python's own of the system's errors, msgspec of JSON, expat of XML."""


class Template(msgspec.Struct, frozen=True, order=True):
    """A reason with places for its values, the file in which it stands, and whether it tells a part's own state."""

    key: str
    file: str
    state: bool


def templates(root: Path) -> list[Template]:
    """Return all templates of the repository at `root`, sorted."""
    own = Path(__file__).name
    words = (*map(os.strerror, SYSTEM), *LIBRARIES)
    found = {Template(one, f"src/safecare/locale/{own}", state=False) for one in words}
    for room in ROOMS:
        for path in sorted((root / "src" / "safecare" / room).rglob("*.py")):
            file = path.relative_to(root).as_posix()
            found |= {Template(key, file, state) for key, state in python_reasons(path.read_text("utf-8"))}
    return sorted(found)


def python_reasons(source: str) -> Iterator[tuple[str, bool]]:
    """Yield the templates of a Python module, and whether each tells a part's own state. Raises `SyntaxError`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Raise(exc=ast.Call(func=error, args=arguments)) if not _called_error(error):
                yield from ((one, False) for argument in arguments for one in _texts(argument))
            case ast.Call(func=error, args=arguments) if _called_error(error):
                yield from ((one, False) for argument in arguments for one in _texts(argument))
            case ast.Call(func=ast.Attribute(attr=name), args=arguments) if name in STATES:
                yield from ((one, True) for argument in arguments for one in _texts(argument))
            case ast.FunctionDef(name=name) if name in ANSWERS:
                found = (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None)
                yield from ((one, True) for value in found for one in _texts(value))
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name == TOLD:
                yield from ((one, True) for part in _parts(value) for one in _texts(part))
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in ASIDE:
                yield from ((one, True) for argument in arguments for one in _texts(argument))


def _called_error(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id.endswith("Error")


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return what stands in the calls of a dictionary, or `node` itself."""
    calls = node.values if isinstance(node, ast.Dict) else []
    return [one for call in calls if isinstance(call, ast.Call) for one in call.args] or [node]


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one)
            yield from _texts(other)
        case ast.Tuple(elts=several) | ast.Dict(values=several):
            for one in several:
                yield from _texts(one)
        case ast.Constant(value=str(text)) if " " in text:
            yield text
        case ast.JoinedStr(values=parts):
            yield from _template(parts)
        case _:
            return


def _template(parts: list[ast.expr]) -> Iterator[str]:
    names: list[str] = []
    key = ""
    for part in parts:
        if isinstance(part, ast.Constant):
            key += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            name = _name(part.value)
            while name in names:
                name += "_"
            names.append(name)
            key += f"{{{name}}}"
    if " " in key and any(len(word) > 2 and word.isalpha() for word in _plain(key, names).split()):
        yield key


def _plain(key: str, names: list[str]) -> str:
    for name in names:
        key = key.replace(f"{{{name}}}", " ")
    return key.replace(":", " ").replace(",", " ")


def _name(value: ast.expr) -> str:
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lstrip("_")
        case ast.Call(args=[first, *_]):
            return _name(first)
        case ast.Call(func=ast.Attribute(value=owner)):
            return _name(owner)
        case _:
            return "value"
