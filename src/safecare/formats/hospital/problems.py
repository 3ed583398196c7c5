"""What is wrong in a hospital's files, and where. All of it is gathered, so that one run shows everything."""

from __future__ import annotations

from typing import Literal

import msgspec

from safecare.formats.hospital.nodes import Node
from safecare.model.text import Text, say

MAX_PROBLEMS = 500
"""Problems that are kept. Chosen: more than a person reads at once, and a bound for hostile files."""


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    level: Literal["error", "warning"]
    reason: Text


class Problems:
    """Gathers problems, up to `MAX_PROBLEMS`."""

    def __init__(self) -> None:
        """Begin with none."""
        self._found: list[Problem] = []
        self._full = False

    def error(self, node: Node, reason: Text) -> None:
        """Keep an error: the hospital can't be used."""
        self._add(Problem(node.file, node.line, node.column, "error", reason))

    def warning(self, node: Node, reason: Text) -> None:
        """Keep a warning: usable, but surely not meant."""
        self._add(Problem(node.file, node.line, node.column, "warning", reason))

    def add(self, problem: Problem) -> None:
        """Keep a problem that has no node."""
        self._add(problem)

    @property
    def errors(self) -> bool:
        """True when one of the problems is an error."""
        return any(problem.level == "error" for problem in self._found)

    def listed(self) -> list[Problem]:
        """Return the problems in order of file and line."""
        return sorted(self._found, key=lambda one: (one.file, one.line, one.column, one.reason.key))

    def _add(self, problem: Problem) -> None:
        if len(self._found) < MAX_PROBLEMS:
            self._found.append(problem)
        elif not self._full:
            self._full = True
            more = say("There are more than {count} problems; the rest is not shown.", count=MAX_PROBLEMS)
            self._found.append(Problem(problem.file, problem.line, problem.column, "error", more))
