"""Earliest time of every fact, exactly, over AND, OR and k-of-n rules, cycles allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np

from safecare.cascade.system import System


def earliest(
    system: System,
    start: Mapping[int, float],
    delays: Sequence[float] | None = None,
    horizon: float = inf,
) -> dict[int, float]:
    """Return the earliest time (seconds) by fact number, in order of time, for facts true by `horizon`.

    `start` gives the times of facts that stand at the start. `delays` are those of the rules (infinite: the
    rule fails); without them every rule succeeds after its shortest delay, which is the worst case.
    """
    from safecare.cascade import front_kernel as kernel

    rules = system.worst_case
    if delays is not None:
        rules = system.reader_items, *kernel.packed(system.need, system.head, np.array(delays, np.float64))
    begin = np.array(list(start), np.int32), np.array(list(start.values()), np.float64)
    times, order = kernel.front(system.reader_starts, *rules, *begin, horizon)
    return dict(zip(order.tolist(), times[order].tolist(), strict=True))
