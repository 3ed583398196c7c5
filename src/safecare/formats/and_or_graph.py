"""AND/OR dependency graphs in the JSON of META4ICS: nodes with costs, edges, source and target.

Nodes of type ``and`` and ``or`` join; every other type is a thing that can be cut for its ``value`` (``inf``: not).
A thing with several edges into it needs all of them. Edges have a value too, which the format's own tool doesn't use.

Source: github.com/mbarrere/meta4ics, and arXiv 1905.04796.
"""

from __future__ import annotations

import json
import re
from math import inf, isnan
from typing import Any, NamedTuple

from safecare.cascade.cut import Graph, Need
from safecare.formats.problem import ModelFileError, Problem

MOST_BYTES = 256 << 20
MOST_NODES = 2_000_000
"""Bytes and nodes of one graph. Chosen: far above any published graph."""
LOGIC: dict[str, Need] = {"and": "all", "or": "any"}


class AndOrFile(NamedTuple):
    """A graph, the ids and types of its nodes, and what is odd in it but no error."""

    graph: Graph
    ids: tuple[str, ...]
    types: tuple[str, ...]
    warnings: tuple[Problem, ...]


def read_and_or_graph(raw: bytes, file: str) -> AndOrFile:
    """Return the graph in `raw`; `file` is named in reasons. Raises `ModelFileError`."""
    if len(raw) > MOST_BYTES:
        raise ModelFileError([Problem(file, 0, f"the file is larger than {MOST_BYTES >> 20} MB")])
    try:
        document = json.loads(raw)
    except json.JSONDecodeError as error:
        reason = f"this is no JSON: {error.msg} (column {error.colno})"
        raise ModelFileError([Problem(file, error.lineno, reason)]) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ModelFileError([Problem(file, 0, f"this is no JSON: {error}")]) from error
    graph = document.get("graph") if isinstance(document, dict) else None
    if not isinstance(graph, dict):
        raise ModelFileError([Problem(file, 1, "there is no object called graph")])
    return _Reading(graph, raw.decode("utf-8", "replace"), file).result()


class _Reading:
    """Collects nodes and edges, and everything that is wrong."""

    def __init__(self, graph: dict[str, Any], text: str, file: str) -> None:
        self.graph, self.text, self.file = graph, text, file
        self.problems: list[Problem] = []
        self.number: dict[str, int] = {}
        self.types: list[str] = []
        self.costs: list[float] = []
        self.before: list[list[int]] = []

    def _wrong(self, key: str, value: object, reason: str) -> None:
        """Note `reason` at the line where `key` first has `value`."""
        found = None
        if isinstance(value, str):
            found = re.search(rf'"{key}"\s*:\s*{re.escape(json.dumps(value))}', self.text)
        line = self.text.count("\n", 0, found.start()) + 1 if found else 0
        self.problems.append(Problem(self.file, line, reason))

    def _list(self, name: str) -> list[dict[str, Any]]:
        found = self.graph.get(name)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.problems.append(Problem(self.file, 0, f"graph.{name} is no list of objects"))
            return []
        if len(found) > MOST_NODES:
            self.problems.append(Problem(self.file, 0, f"graph.{name} holds more than {MOST_NODES}"))
            return []
        return found

    def result(self) -> AndOrFile:
        """Return the graph. Raises `ModelFileError`."""
        for place, node in enumerate(self._list("nodes")):
            self._node(place, node)
        for place, edge in enumerate(self._list("edges")):
            self._edge(place, edge)
        for id, number in self.number.items():
            if self.types[number] in LOGIC and not self.before[number]:
                self._wrong("id", id, f"node {id} ({self.types[number]}) has no edge into it")
        target = self._end("target")
        if "source" in self.graph:
            self._end("source")
        if self.problems:
            raise ModelFileError(self.problems)
        needs = tuple(LOGIC.get(type, "all") for type in self.types)
        before = tuple(tuple(dict.fromkeys(one)) for one in self.before)
        graph = Graph(needs, tuple(self.costs), before, target)
        ids = tuple(self.number)
        ring = _circle(graph)
        if ring:
            told = " -> ".join([*(ids[node] for node in ring[:10]), *(["..."] if len(ring) > 10 else []), ids[ring[0]]])
            self._wrong("id", ids[ring[0]], f"nodes support each other in a circle: {told}; by itself it is down")
        return AndOrFile(graph, ids, tuple(self.types), tuple(self.problems))

    def _node(self, place: int, node: dict[str, Any]) -> None:
        id, type, value = node.get("id"), node.get("type"), node.get("value")
        if not isinstance(id, str) or not id or not isinstance(type, str):
            self._wrong("id", id, f"graph.nodes[{place}] needs an id and a type, both text")
            return
        if id in self.number:
            self._wrong("id", id, f"node {id} stands there twice (graph.nodes[{place}] again)")
            return
        if node.get("measures"):
            self._wrong("id", id, f"node {id} has measures, which are not supported")
        cost = _cost(value)
        if isnan(cost) or cost < 0.0:
            self._wrong("id", id, f"node {id}: {value!r} is no cost: a number from 0 on, inf or none")
        self.number[id] = len(self.number)
        self.types.append(type.lower())
        self.costs.append(inf if type.lower() in LOGIC else cost)
        self.before.append([])

    def _edge(self, place: int, edge: dict[str, Any]) -> None:
        ends = edge.get("source"), edge.get("target")
        if not all(isinstance(end, str) for end in ends):
            self.problems.append(Problem(self.file, 0, f"graph.edges[{place}] needs source and target, both text"))
            return
        source, target = (str(end) for end in ends)
        missing = [(key, end) for key, end in (("source", source), ("target", target)) if end not in self.number]
        for key, end in missing:
            self._wrong(key, end, f"graph.edges[{place}]: there is no node {end}")
        if not missing:
            self.before[self.number[target]].append(self.number[source])

    def _end(self, name: str) -> int:
        id = self.graph.get(name)
        if isinstance(id, str) and id in self.number:
            return self.number[id]
        self._wrong(name, id, f"graph.{name} names no node: {id!r}")
        return 0


def _cost(value: object) -> float:
    """Return the cost that `value` means; not a number if it means none."""
    if value is None or value == "none":
        return inf
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return float("nan")
    try:
        return float(value) if "_" not in str(value) else float("nan")
    except (ValueError, OverflowError):
        return float("nan")


def _circle(graph: Graph) -> list[int]:
    """Return nodes that support each other in a circle, in the direction of support; empty if there are none."""
    done: set[int] = set()
    for start in range(len(graph.needs)):
        if start in done:
            continue
        path, within = [(start, iter(graph.before[start]))], {start: None}
        while path:
            node, rest = path[-1]
            step = next((one for one in rest if one not in done), None)
            if step is None:
                path.pop()
                within.pop(node)
                done.add(node)
            elif step in within:
                ring = [*within]
                return ring[ring.index(step) :][::-1]
            else:
                within[step] = None
                path.append((step, iter(graph.before[step])))
    return []
