"""Durations and units as people write them.

Source: units are UCUM symbols (The Unified Code for Units of Measure, 2.2), those that building automation uses.
"""

from __future__ import annotations

import re

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Seconds by UCUM symbol."""

UCUM = frozenset(
    {
        "Cel",
        "K",
        "%",
        "1",
        "ppm",
        "lx",
        "Pa",
        "hPa",
        "kPa",
        "bar",
        "mbar",
        "V",
        "kV",
        "A",
        "mA",
        "Hz",
        "VA",
        "kVA",
        "W",
        "kW",
        "kW.h",
        "L",
        "L/min",
        "L/h",
        "m3",
        "m3/h",
        "m",
        "s",
        "min",
        "h",
        "d",
    }
)
"""Units that a point may have."""

_DURATION = re.compile(r"(-?\d+(?:\.\d+)?)\s*([a-zA-Z]*)")


def seconds(text: str) -> float:
    """Return the seconds of ``90``, ``15 min``, ``1.5 h``. Raises `ValueError` for anything else."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or (found[2] and found[2] not in SECONDS):
        raise ValueError(text)
    return float(found[1]) * SECONDS.get(found[2], 1.0)
