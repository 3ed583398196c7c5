"""NAB's standard score of the readings' rule: on the shared series, and on made ones of many kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from made_series import corpus

from safecare.detect.building.series import ALERT, Series
from safecare.formats.readings import read_series
from safecare.testing.bench import Row
from safecare.testing.nab import Labelled, standard_score

SEEDS = (101, 102)
"""Not those with which the rule was made (1, 2, 11, 12)."""


def _scored(seconds: Sequence[float], values: Sequence[float]) -> list[float]:
    series = Series()
    return [series.step(at, value).score for at, value in zip(seconds, values, strict=True)]


def made() -> Iterator[Row]:
    """Measure on made series, and count alerts where nothing is wrong."""
    series = [one for seed in SEEDS for one in corpus(seed)]
    labelled = [Labelled(_scored(one.seconds(), one.values), one.spans) for one in series]
    figure, _ = standard_score(labelled, ALERT)
    note = f"{len(labelled)} series, {sum(len(one.windows) for one in labelled)} spans"
    yield Row(what="NAB standard score, made series, alert level", figure=figure, unit="", target=58.0, note=note)
    quiet = [one for one in labelled if not one.windows]
    alerts = sum(score >= ALERT for one in quiet for score in one.scores[one.probation :])
    readings = sum(len(one.scores) for one in quiet)
    yield Row(
        what="alerts on made series in which nothing is wrong",
        figure=alerts,
        unit="",
        better="less",
        target=4.0,
        note=f"{readings} readings",
    )


def shared(folder: Path) -> Iterator[Row]:
    """Measure on the series of `folder`, labelled by its ``windows.json``."""
    labelled: list[Labelled] = []
    for name, spans in json.loads((folder / "windows.json").read_text()).items():
        points = [one for one in read_series((folder / Path(name).name).read_text().splitlines()) if one.at]
        scores = _scored([one.at.timestamp() for one in points if one.at], [one.value for one in points])
        stamps = [one.stamp for one in points]
        windows = []
        for begin, end in spans:
            first = next(place for place, stamp in enumerate(stamps) if stamp >= begin[:19])
            last = max(place for place, stamp in enumerate(stamps) if stamp <= end[:19])
            windows.append((first, last))
        labelled.append(Labelled(scores, windows))
    best, threshold = standard_score(labelled)
    fixed, _ = standard_score(labelled, ALERT)
    note = f"at {threshold:.3f}"
    yield Row(what="NAB standard score, shared series, best threshold", figure=best, unit="", target=58.0, note=note)
    note = f"{len(labelled)} series"
    yield Row(what="NAB standard score, shared series, alert level 0.5", figure=fixed, unit="", target=58.0, note=note)
