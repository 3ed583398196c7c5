"""Scores of detection and tracking against a truth: AP50, HOTA, MOTA, IDF1.

Sources: HOTA (Luiten et al., IJCV 2021, mean over 19 overlaps), CLEAR MOT (Bernardin and Stiefelhagen, 2008), IDF1
(Ristani et al., ECCVW 2016), average precision over all points (PASCAL VOC 2010), as the TrackEval program counts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from safecare.sources.camera.vision.assign import assign

Boxes = Mapping[int, Sequence[tuple[int, float, float, float, float]]]
"""By frame: (id, left, top, width, height)."""
Floats = NDArray[np.float64]
ALPHAS = np.arange(0.05, 0.99, 0.05)


class Scores(NamedTuple):
    """All in percent, switches as a count."""

    hota: float
    det_a: float
    ass_a: float
    mota: float
    idf1: float
    switches: int


def overlaps(one: Floats, other: Floats) -> Floats:
    """Return the intersection over union of each box (left, top, width, height) with each."""
    a, b = one[:, None, :], other[None, :, :]
    wide = np.minimum(a[..., 0] + a[..., 2], b[..., 0] + b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    high = np.minimum(a[..., 1] + a[..., 3], b[..., 1] + b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    shared = np.clip(wide, 0, None) * np.clip(high, 0, None)
    union = a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - shared
    found: Floats = shared / np.maximum(union, 1e-9)
    return found


def average_precision(truth: Boxes, found: Mapping[int, Sequence[tuple[float, float, float, float, float]]]) -> float:
    """Return AP at an overlap of 0.5; `found`: by frame (left, top, width, height, score)."""
    marks: list[tuple[float, bool]] = []
    for frame, boxes in found.items():
        real = np.array([one[1:] for one in truth.get(frame, ())], float).reshape(-1, 4)
        ranked = sorted(boxes, key=lambda one: -one[4])
        free = np.ones(len(real), bool)
        shared = overlaps(np.array([one[:4] for one in ranked], float).reshape(-1, 4), real)
        for row, box in enumerate(ranked):
            best = int(np.argmax(np.where(free, shared[row], -1))) if free.any() else -1
            good = best >= 0 and shared[row, best] >= 0.5
            if good:
                free[best] = False
            marks.append((box[4], good))
    marks.sort(key=lambda one: -one[0])
    hits = np.cumsum([good for _, good in marks])
    recall = hits / max(1, sum(len(boxes) for boxes in truth.values()))
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * precision))


def score(truth: Boxes, told: Boxes) -> Scores:
    """Return the scores of the tracks `told`."""
    names = _numbers(truth), _numbers(told)
    frames = [_frame(truth.get(frame, ()), told.get(frame, ()), names) for frame in sorted({*truth, *told})]
    real = np.bincount(np.concatenate([a for a, _, _ in frames]), minlength=len(names[0]))
    ours = np.bincount(np.concatenate([b for _, b, _ in frames]), minlength=len(names[1]))
    hota, det_a, ass_a = _hota(frames, real, ours)
    mota, switches = _clear(frames, int(real.sum()))
    return Scores(100 * hota, 100 * det_a, 100 * ass_a, 100 * mota, 100 * _idf1(frames, real, ours), switches)


def _numbers(boxes: Boxes) -> dict[int, int]:
    return {name: number for number, name in enumerate(sorted({one[0] for all in boxes.values() for one in all}))}


def _frame(real: Sequence[Any], told: Sequence[Any], names: tuple[dict[int, int], dict[int, int]]) -> Any:
    sides = [np.array([one[1:5] for one in side], float).reshape(-1, 4) for side in (real, told)]
    ids = [np.array([known[one[0]] for one in side], int) for side, known in zip((real, told), names, strict=True)]
    return ids[0], ids[1], overlaps(sides[0], sides[1])


def _hota(frames: Iterable[Any], real: NDArray[Any], ours: NDArray[Any]) -> tuple[float, float, float]:
    together = np.zeros((len(real), len(ours)))
    for a, b, shared in frames:
        either = shared.sum(0)[None, :] + shared.sum(1)[:, None] - shared
        together[np.ix_(a, b)] += np.where(either > 1e-9, shared / np.maximum(either, 1e-9), 0)
    alike = together / np.maximum(real[:, None] + ours[None, :] - together, 1e-9)
    matches = np.zeros((len(ALPHAS), len(real), len(ours)))
    for a, b, shared in frames:
        for row, column in assign(-(alike[np.ix_(a, b)] * shared)):
            matches[:, a[row], b[column]] += shared[row, column] >= ALPHAS - 1e-9
    hits = matches.sum((1, 2))
    det_a = hits / (real.sum() + ours.sum() - hits)
    kept = matches / np.maximum(1, real[:, None] + ours[None, :] - matches)
    ass_a = (matches * kept).sum((1, 2)) / np.maximum(1, hits)
    return float(np.sqrt(det_a * ass_a).mean()), float(det_a.mean()), float(ass_a.mean())


def _clear(frames: Iterable[Any], total: int) -> tuple[float, int]:
    misses = wrong = switches = 0
    last: dict[int, int] = {}
    before: dict[int, int] = {}
    for a, b, shared in frames:
        goes_on = np.array([[before.get(x) == y for y in b] for x in a], float).reshape(shared.shape)
        value = np.where(shared >= 0.5 - 1e-9, 1000 * goes_on + shared, 0.0)
        pairs = [(a[row], b[column]) for row, column in assign(-value) if value[row, column] > 0]
        switches += sum(1 for x, y in pairs if last.get(x, y) != y)
        misses, wrong = misses + len(a) - len(pairs), wrong + len(b) - len(pairs)
        before = dict(pairs)
        last.update(pairs)
    return 1 - (misses + wrong + switches) / max(1, total), switches


def _idf1(frames: Iterable[Any], real: NDArray[Any], ours: NDArray[Any]) -> float:
    together: Counter[tuple[int, int]] = Counter()
    for a, b, shared in frames:
        together.update((a[row], b[column]) for row, column in zip(*np.nonzero(shared >= 0.5 - 1e-9), strict=True))
    counts = np.zeros((len(real), len(ours)))
    for (row, column), count in together.items():
        counts[row, column] = count
    hits = sum(counts[row, column] for row, column in assign(-counts))
    return float(2 * hits / max(1, real.sum() + ours.sum()))
