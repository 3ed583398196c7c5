"""Findings of examiners: what was found in a file, where, and how much it says."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from safecare.model.text import Text


class Where(msgspec.Struct, frozen=True, omit_defaults=True):
    """Place of a finding: part (path inside the submitted file), tag or field in it, bytes [start, end)."""

    part: str = ""
    tag: str = ""
    bytes: tuple[int, int] | None = None


class Finding(msgspec.Struct, frozen=True):
    """One thing that was found.

    `weight` is the probability, seen from a hospital, that a file with this finding alone is an attack; 0 only
    informs. `kind` is the kind of evidence: of one kind the strongest counts (default: the rule's area).
    `unreadable` says that something could not be judged because of it.
    """

    rule: str
    why: Text
    weight: float = 0.0
    where: Where = Where()
    kind: str = ""
    unreadable: bool = False


SECOND = 0.35
"""Share of its weight with which the second strongest finding of a kind still counts; further ones do not. Chosen."""


def kinds(findings: Iterable[Finding]) -> dict[str, float]:
    """Return the strength (0-1) of each kind of evidence: from its two strongest rules."""
    strongest: dict[tuple[str, str], float] = {}
    for one in findings:
        key = (one.kind or one.rule.partition(".")[0], one.rule)
        strongest[key] = max(strongest.get(key, 0.0), one.weight)
    found: dict[str, list[float]] = {}
    for (kind, _), weight in strongest.items():
        if weight > 0:
            found.setdefault(kind, []).append(weight)
    return {kind: _joined(*sorted(weights, reverse=True)[:2]) for kind, weights in found.items()}


def strength(by_kind: Iterable[float]) -> float:
    """Return the combined strength (0-1) of kinds of evidence, taken as independent."""
    missing = 1.0
    for one in by_kind:
        missing *= 1 - one
    return 1 - missing


def _joined(first: float, second: float = 0.0) -> float:
    return 1 - (1 - first) * (1 - SECOND * second)
