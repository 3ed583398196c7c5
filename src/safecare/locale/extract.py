"""Finding the sentences that people read, and keeping the catalogue in step with them.

Where sentences stand:

- Python: the first argument of every `say(...)` (and `Text(...)`), a literal, a choice between literals, or a
  name of the same module whose value holds literals (a table of sentences).
- YAML in the rooms of `YAML_KEYS`: text, or lists of text, under one of the room's keys.
- Jinja templates: ``{{ t("...") }}``.
- The front end in ``web/src``: ``t("...")`` in ``.svelte`` and ``.ts`` files.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import nodes

from safecare.locale.reasons import PLACE

YAML_KEYS = {
    "decide": frozenset(
        {"name", "title", "command", "description", "why", "cost_text", "infeasible", "do", "ask", "until"}
    ),
    "correlate/stories": frozenset({"title", "why", "story", "description"}),
    "notify": frozenset({"title", "body"}),
    "scenarios": frozenset({"title", "description"}),
}
"""By room below ``src/safecare``: keys under which its YAML files hold a sentence, or a list of them. Both languages
given as a mapping (``{en: ..., fr: ...}``) are names of the hospital, not sentences, and are left alone."""

_WEB = re.compile(r"""(?<![\w.$])t\(\s*(?P<quote>["'`])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t"}


class Sentence(msgspec.Struct, frozen=True, order=True):
    """A sentence and the file (relative to the repository) in which it stands."""

    key: str
    file: str


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something that keeps a sentence from being translated."""

    file: str
    reason: str


def sentences(root: Path) -> tuple[list[Sentence], list[Problem]]:
    """Return all sentences of the repository at `root`, sorted, and what can't be translated."""
    found: set[Sentence] = set()
    problems: list[Problem] = []
    package = root / "src" / "safecare"
    for path in sorted(package.rglob("*.py")):
        _collect(root, path, python_sentences, found, problems)
    for path in sorted(package.rglob("*.jinja")):
        _collect(root, path, jinja_sentences, found, problems)
    for room, keys in YAML_KEYS.items():
        for path in sorted((*(package / room).rglob("*.yaml"), *(package / room).rglob("*.yml"))):
            _collect(root, path, partial(yaml_sentences, keys=keys), found, problems)
    for path in sorted((*(root / "web" / "src").rglob("*.ts"), *(root / "web" / "src").rglob("*.svelte"))):
        if not path.name.endswith((".test.ts", ".d.ts")):
            _collect(root, path, web_sentences, found, problems)
    return sorted(found), sorted(problems)


def _collect(root: Path, path: Path, reader: Any, found: set[Sentence], problems: list[Problem]) -> None:
    file = path.relative_to(root).as_posix()
    try:
        found.update(Sentence(key, file) for key in reader(path.read_text("utf-8")))
    except (ValueError, SyntaxError, yaml.YAMLError, jinja2.TemplateError) as error:
        problems.append(Problem(file, str(error)))


def python_sentences(source: str) -> Iterator[str]:
    """Yield the sentences of a Python module. Raises `ValueError` for a formatted one, `SyntaxError`."""
    tree = ast.parse(source)
    tables = _tables(tree)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"say", "Text"}
            and node.args
        ):
            yield from _literals(node.args[0], tables, node.lineno)


def _tables(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what the names of the module (and of its classes) are set to."""
    tables: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                tables[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                tables[name] = value
    return tables


def _literals(node: ast.expr, tables: dict[str, ast.expr], line: int) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr():
            raise ValueError(f"line {line}: a formatted sentence can't be translated")
        case ast.IfExp(body=one, orelse=other):
            yield from _literals(one, tables, line)
            yield from _literals(other, tables, line)
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)):
            yield from _held(tables.get(name))
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[_, *fallback]):
            yield from _held(tables.get(name))
            for one in fallback:
                yield from _literals(one, tables, line)
        case _:
            return


def _held(value: ast.expr | None) -> Iterator[str]:
    """Yield the texts that a table holds; of a dictionary the values, not the keys."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Dict(values=values):
            for one in values:
                yield from _held(one)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for one in elements:
                yield from _held(one)
        case ast.IfExp(body=one, orelse=other):
            yield from _held(one)
            yield from _held(other)
        case _:
            return


def yaml_sentences(source: str, keys: frozenset[str]) -> Iterator[str]:
    """Yield the sentences of a YAML file that stand under `keys`. Raises `yaml.YAMLError`."""
    yield from _walk(yaml.safe_load(source), keys)


def _walk(node: Any, keys: frozenset[str]) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _walk(one, keys)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in keys and isinstance(value, str):
                yield value
            elif key in keys and isinstance(value, list) and all(isinstance(one, str) for one in value):
                yield from value
            else:
                yield from _walk(value, keys)


def jinja_sentences(source: str) -> Iterator[str]:
    """Yield the sentences of a Jinja template. Raises `jinja2.TemplateError`, `ValueError` for one put together."""
    tree = jinja2.Environment(autoescape=True).parse(source)
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t" and call.args:
            first = call.args[0]
            if isinstance(first, nodes.Const):
                yield str(first.value)
            elif not isinstance(first, nodes.Name | nodes.Getattr | nodes.Getitem):
                raise ValueError(f"line {call.lineno}: a sentence put together can't be translated")


def web_sentences(source: str) -> Iterator[str]:
    """Yield the sentences of a Svelte or TypeScript file. Raises `ValueError` for one with ``${...}`` inside."""
    for match in _WEB.finditer(source):
        if match["quote"] == "`" and "${" in match["text"]:
            line = source.count("\n", 0, match.start()) + 1
            raise ValueError(f"line {line}: a formatted sentence can't be translated")
        yield _ESCAPE.sub(_unescape, match["text"])


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)


def merge(catalogue: Catalog, found: Iterable[Sentence]) -> Catalog:
    """Return `catalogue` with exactly the sentences `found`: translations kept, what is not used any more dropped."""
    files: dict[str, set[str]] = {}
    for one in found:
        files.setdefault(one.key, set()).add(one.file)
    merged = Catalog(locale=catalogue.locale, project="Safecare", charset="utf-8", fuzzy=False)
    for key in sorted(files):
        known = catalogue.get(key)
        merged.add(
            key,
            known.string if known is not None else "",
            locations=[(file, 0) for file in sorted(files[key])],
            user_comments=known.user_comments if known is not None else (),
        )
    return merged


def faults(catalogue: Catalog, found: Iterable[Sentence]) -> Iterator[str]:
    """Yield, in words, every sentence that is missing, untranslated, or has other places than its translation."""
    keys = {one.key: one.file for one in sorted(found, reverse=True)}
    for key, file in sorted(keys.items()):
        known = catalogue.get(key)
        if known is None:
            yield f"{file}: not in the catalogue: {key!r}"
        elif not known.string:
            yield f"{file}: not translated: {key!r}"
        elif "fuzzy" in known.flags:
            yield f"{file}: translation is only a guess: {key!r}"
        elif set(PLACE.findall(key)) != set(PLACE.findall(str(known.string))):
            yield f"{file}: other places than its translation: {key!r} / {known.string!r}"
    for message in catalogue:
        if message.id and message.id not in keys:
            yield f"not used any more: {message.id!r}"


def load(path: Path, language: str) -> Catalog:
    """Read the catalogue at `path`; an empty one if there is none yet."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def dump(catalogue: Catalog) -> bytes:
    """Write the catalogue without dates and line numbers, sorted: a change shows as few lines as possible."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=120, omit_header=True, sort_output=True, include_lineno=False)
    header = (
        f"# {catalogue.locale} sentences of Safecare. Kept in step with the code by script/texts.\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalogue.locale}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()
