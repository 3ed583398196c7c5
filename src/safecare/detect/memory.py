"""What detectors remember about things that anyone can make up: addresses, unknown badges, signatures.

Such a memory has a limit, and forgets what it heard of longest ago; by order of arrival, because the times in
events may be wrong.
"""

from __future__ import annotations

from itertools import islice
from typing import TypeVar

V = TypeVar("V")


def remember(known: dict[str, V], key: str, value: V, most: int) -> None:
    """Put `value` as the newest into `known`; beyond `most` (number of entries) the oldest tenth is forgotten."""
    known.pop(key, None)
    if len(known) >= most:
        for oldest in list(islice(known, max(1, most // 10))):
            del known[oldest]
    known[key] = value
