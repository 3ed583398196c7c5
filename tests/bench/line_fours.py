"""Line crossing as the project's survey measured it: four lines with 77 true crossings in sum, which it did not name.

No four is chosen here. The lines are those that somebody would draw without looking at the clip, and every four of them
with 77 crossings in sum counts, each as much as another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from physical_truth import SIZE, Mark, Scored, scored
from video_truth import Boxes

from safecare.testing.bench import Row

CROSSINGS = 77
"""True crossings of the survey's four lines, in sum."""
REACHED = 0.99


def natural() -> dict[str, tuple[tuple[float, float], tuple[float, float]]]:
    """Return 40 lines: across and down the picture at each of its twentieths from 0.1 to 0.9 and thirds; diagonals."""
    wide, high = map(float, SIZE)
    found = {"falling": ((0.0, 0.0), (wide, high)), "rising": ((0.0, high), (wide, 0.0))}
    for share in sorted({*(part / 20 for part in range(2, 19)), 1 / 3, 2 / 3}):
        found[f"down-{share:.3f}"] = ((share * wide, 0.0), (share * wide, high))
        found[f"across-{share:.3f}"] = ((0.0, share * high), (wide, share * high))
    return found


NATURAL = natural()


class Fours(NamedTuple):
    """F1 of every four, and what was found on all lines."""

    scores: Sequence[float]
    whole: Scored

    @property
    def mean(self) -> float:
        """The mean F1."""
        return float(np.mean(self.scores))

    @property
    def note(self) -> str:
        """How many of the fours reach 0.99, and the counts of all lines."""
        reached = sum(one >= REACHED for one in self.scores)
        hits, true, told = self.whole
        return f"{reached} of {len(self.scores)} fours have {REACHED}; all 40 lines: {hits} of {true}, {told} told"


def rows(name: str, truth: Boxes, told: Sequence[Mark], best: Sequence[Mark] = (), *, strict: bool) -> Iterator[Row]:
    """Yield the mean F1 of `told`, beside that of `best`: of all crossings, and of clear ones that nobody hides."""
    for what, sure in (("all crossings", False), ("clear ones that nobody hides", True)):
        found = fours(truth, told, clear=sure, seen=sure)
        yield Row(
            what=f"{name}: line crossing, mean F1 of all fours of natural lines with {CROSSINGS} crossings, {what}",
            figure=found.mean,
            unit="",
            target=REACHED if strict else None,
            peer=fours(truth, best, clear=sure, seen=sure).mean if best else None,
            peer_name="true identities" if best else "",
            note=found.note,
        )


def fours(truth: Boxes, told: Sequence[Mark], *, clear: bool, seen: bool) -> Fours:
    """Score `told` on every four of the natural lines with `CROSSINGS` crossings in sum.

    `clear`, `seen`: as `scored` has them; only such crossings are counted then.
    """
    lines = [scored(truth, {name: line}, told, clear=clear, seen=seen) for name, line in NATURAL.items()]
    found = [four for four in combinations([one for one in lines if one.true], 4) if _true(four) == CROSSINGS]
    return Fours([_sum(four).f1 for four in found], _sum(lines))


def _true(four: Sequence[Scored]) -> int:
    return sum(one.true for one in four)


def _sum(lines: Sequence[Scored]) -> Scored:
    return Scored(*map(sum, zip(*lines, strict=True)))
