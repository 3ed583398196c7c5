"""Four levels that people see for a severity of 0-100."""

from __future__ import annotations

from typing import Literal

Level = Literal["critical", "high", "medium", "low"]

_LEVELS: tuple[tuple[int, Level], ...] = ((90, "critical"), (70, "high"), (40, "medium"), (0, "low"))
"""Source: FIRST, CVSS v3.1 specification, section 5 (qualitative severity rating scale), times ten."""


def level_of(severity: int) -> Level:
    """Return the level of a severity (0-100)."""
    return next(level for at_least, level in _LEVELS if severity >= at_least or at_least == 0)


def rank_of(level: Level) -> int:
    """Return 3 for critical down to 0 for low."""
    return 3 - [name for _, name in _LEVELS].index(level)
