"""YAML or JSON bytes to a tree that knows where everything stands. Bounded; no aliases, tags or types.

JSON is a subset of YAML 1.2, so one parser serves both. Values stay text: what reads a field knows its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from safecare.model.text import Text, say

MAX_BYTES = 8 * 1024 * 1024
"""Largest file. Chosen: the plan of a storey with 1,000 rooms takes 0.5 MB."""
MAX_DEPTH = 16
"""Deepest nesting. Chosen: GeoJSON needs 9."""
MAX_NODES = 500_000
"""Most values in one file. Chosen: 20,000 assets."""
MAX_TEXT = 2_000
"""Longest single text, in characters. Chosen: a long sentence, ten times over."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NodeError(ValueError):
    """A file that is no YAML, or over a limit: `reason` in words, at `line` and `column` (from 1)."""

    def __init__(self, reason: Text, line: int = 1, column: int = 1) -> None:
        """Keep reason and place."""
        super().__init__(reason.key)
        self.reason = reason
        self.line = line
        self.column = column


class Node:
    """A value and its place. `value` is text, a list of nodes, or a dict of nodes by key."""

    __slots__ = ("column", "file", "keys", "line", "plain", "value")

    def __init__(self, file: str, line: int, column: int, value: str | list[Node] | dict[str, Node]) -> None:
        """Keep value and place."""
        self.file = file
        self.line = line
        self.column = column
        self.value = value
        self.plain = False
        """True for text without quotes: a number, ``true`` or ``null`` is only meant there."""
        self.keys: dict[str, Node] = {}
        """Where the keys of a dict stand."""

    @property
    def fields(self) -> dict[str, Node]:
        """The nodes by key; empty if this is no dict."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The nodes of a list; empty if this is no list."""
        return self.value if isinstance(self.value, list) else []

    def at(self, *path: str | int) -> Node:
        """Return the node under `path`, or the deepest one on the way to it."""
        node = self
        for step in path:
            found = node.fields.get(step) if isinstance(step, str) else dict(enumerate(node.items)).get(step)
            if found is None:
                return node
            node = found
        return node


def parse(raw: bytes, file: str) -> Node:
    """Read one file. An empty one gives an empty dict. Raises `NodeError`."""
    if len(raw) > MAX_BYTES:
        raise NodeError(say("The file is larger than {limit} MB.", limit=MAX_BYTES // 1024**2))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NodeError(say("The file is not UTF-8 text."), raw.count(b"\n", 0, error.start) + 1) from error
    try:
        return _compose(yaml.parse(text, Loader=_LOADER), file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = say("This is no YAML or JSON: {reason}.", reason=str(error.problem or error.context or "unreadable"))
        raise NodeError(reason, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1) from error
    except yaml.YAMLError as error:
        raise NodeError(say("This is no YAML or JSON: {reason}.", reason="unreadable character")) from error
    except (ValueError, OverflowError) as error:
        if isinstance(error, NodeError):
            raise
        raise NodeError(say("This is no YAML or JSON: {reason}.", reason="unreadable value")) from error


def _compose(events: Iterator[Any], file: str) -> Node:
    """Build the tree of the first document from parser events."""
    root = Node(file, 1, 1, {})
    open_nodes: list[Node] = []
    pending: list[Node | None] = []  # for each open dict the key that waits for its value
    count = documents = 0
    for event in events:
        kind = type(event)
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            open_nodes.pop()
            pending.pop()
            continue
        if kind is yaml.DocumentStartEvent:
            documents += 1
            if documents > 1:
                raise _error(say("The file holds more than one document."), event)
            continue
        if kind is yaml.AliasEvent or getattr(event, "anchor", None):
            raise _error(say("Anchors and aliases are not allowed here."), event)
        if kind not in _VALUES:
            continue
        count += 1
        if count > MAX_NODES:
            raise _error(say("The file holds more than {limit} values.", limit=MAX_NODES), event)
        if len(open_nodes) >= MAX_DEPTH:
            raise _error(say("The file is nested deeper than {limit} levels.", limit=MAX_DEPTH), event)
        node = _node(event, kind, file)
        if not open_nodes:
            root = node
        else:
            _place(node, open_nodes[-1], pending)
        if kind is not yaml.ScalarEvent:
            open_nodes.append(node)
            pending.append(None)
    if root.plain and root.value == "":
        return Node(file, 1, 1, {})
    return root


_VALUES = {yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent}


def _node(event: Any, kind: type, file: str) -> Node:
    mark = event.start_mark
    if kind is not yaml.ScalarEvent:
        return Node(file, mark.line + 1, mark.column + 1, {} if kind is yaml.MappingStartEvent else [])
    if len(event.value) > MAX_TEXT:
        raise _error(say("A text is longer than {limit} characters.", limit=MAX_TEXT), event)
    node = Node(file, mark.line + 1, mark.column + 1, event.value)
    node.plain = event.style in (None, "")
    if not node.plain or event.implicit[0]:
        return node
    raise _error(say("Tags (!) are not allowed here."), event)


def _place(node: Node, parent: Node, pending: list[Node | None]) -> None:
    if isinstance(parent.value, list):
        parent.value.append(node)
        return
    key = pending[-1]
    if key is None:
        if not isinstance(node.value, str):
            raise NodeError(say("A field's name must be text."), node.line, node.column)
        if node.value in parent.keys:
            raise NodeError(say("The field {name} stands here twice.", name=node.value), node.line, node.column)
        pending[-1] = parent.keys[node.value] = node
        return
    parent.fields[str(key.value)] = node
    pending[-1] = None


def _error(reason: Text, event: Any) -> NodeError:
    return NodeError(reason, event.start_mark.line + 1, event.start_mark.column + 1)
