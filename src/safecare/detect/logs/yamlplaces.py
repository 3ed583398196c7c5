"""YAML documents with the line of every key, so that an error can name its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

Path = tuple[str | int, ...]
MOST = 100_000
"""Most values of one document (chosen: the largest of SigmaHQ's has 4,700). YAML's aliases make many of a few."""


class Document(msgspec.Struct, frozen=True):
    """One document: its value, the line (1 = first) of each key, and keys that stand twice."""

    value: Any
    lines: dict[Path, int]
    doubles: tuple[tuple[str, int], ...] = ()

    def line(self, *path: str | int) -> int:
        """Return the line of `path`, or of the nearest part above it that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class YamlPlaceError(ValueError):
    """Text that is no YAML; `line` tells where."""

    def __init__(self, reason: str, line: int) -> None:
        """Keep reason and line."""
        super().__init__(reason)
        self.line = line


def documents(raw: bytes) -> Iterator[Document]:
    """Yield the documents of `raw`. Raises `YamlPlaceError` where it is no YAML; documents before it were yielded."""
    loader = yaml.CSafeLoader(raw)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                break
            lines: dict[Path, int] = {(): node.start_mark.line + 1}
            doubles: list[tuple[str, int]] = []
            _walk(node, (), lines, doubles, set())
            yield Document(loader.construct_document(node), lines, tuple(doubles))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlPlaceError(str(error.problem or error), min(mark.line + 1, _lines(raw)) if mark else 1) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise YamlPlaceError(str(error).split("\n", 1)[0] or type(error).__name__, 1) from error
    finally:
        loader.dispose()


def _lines(raw: bytes) -> int:
    """Return how many lines `raw` has."""
    return raw.count(b"\n") + (not raw.endswith(b"\n"))


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int], doubles: list[tuple[str, int]], open_: set[int]) -> None:
    """Note the line of each key below `node`. An alias that contains itself is followed once."""
    if id(node) in open_:
        return
    if len(lines) > MOST:
        raise ValueError(f"more than {MOST} values")
    open_.add(id(node))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                doubles.append((name, key.start_mark.line + 1))
            seen.add(name)
            lines[(*path, name)] = key.start_mark.line + 1
            _walk(value, (*path, name), lines, doubles, open_)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[(*path, number)] = value.start_mark.line + 1
            _walk(value, (*path, number), lines, doubles, open_)
    open_.discard(id(node))
