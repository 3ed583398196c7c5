"""What is wrong in a model file, with its place: raised together, so that one reading tells everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MOST_TOLD = 50
"""Problems told before the rest is only counted. Chosen: a screenful."""


class Problem(NamedTuple):
    """One thing that is wrong. `line` is 0 where the whole file is meant."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class ModelFileError(ValueError):
    """A model file can't be used; `problems` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.told()))

    def told(self) -> Iterator[str]:
        """Yield one line for each problem, and how many more there are."""
        yield from map(str, self.problems[:MOST_TOLD])
        if len(self.problems) > MOST_TOLD:
            yield f"... and {len(self.problems) - MOST_TOLD} more problems"
