"""What commands write, as rules compare it."""

from __future__ import annotations

LARGEST = 1e12
"""Beyond it a number is no value of a plant. Chosen."""


def number_of(value: str) -> float | None:
    """Return the single number that a command's value is, without a priority behind it; None for anything else."""
    try:
        number = float(value.split(" at ")[0])
    except ValueError:
        return None
    return number if abs(number) < LARGEST else None
