"""Numbers of Open-PSA models: what expressions mean, and how likely the members of a group fail together.

A random deviate stands for its mean: the probability of a tree is that of its usual figures.

Source: S. Epstein, A. Rauzy, "Open-PSA Model Exchange Format", version 2.0d: built-ins, arithmetic, deviates, groups;
for groups also NUREG/CR-5485 (non-staggered testing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import combinations
from math import comb, exp, expm1, isfinite, log, log10, pi, prod, sqrt

MOST_MEMBERS = 10
"""Largest common-cause group: each set of members is an event of its own, 1,023 of ten."""


def _exponential(rate: float, time: float) -> float:
    return -expm1(-rate * time)


def _glm(on_demand: float, failing: float, repairing: float, time: float) -> float:
    """Return the unavailability of a unit that may fail on demand, fails and is repaired."""
    both = failing + repairing
    return failing / both - (failing - on_demand * both) / both * exp(-both * time)


def _weibull(scale: float, shape: float, start: float, time: float) -> float:
    return -expm1(-(((time - start) / scale) ** shape))


EXPRESSIONS: dict[str, tuple[int, int, Callable[..., float]]] = {
    "add": (1, 1_000, lambda *values: sum(values)),
    "mul": (1, 1_000, lambda *values: prod(values)),
    "sub": (1, 1_000, lambda *values: reduce(lambda one, other: one - other, values)),
    "div": (2, 1_000, lambda *values: reduce(lambda one, other: one / other, values)),
    "neg": (1, 1, lambda value: -value),
    "abs": (1, 1, abs),
    "exp": (1, 1, exp),
    "log": (1, 1, log),
    "log10": (1, 1, log10),
    "sqrt": (1, 1, sqrt),
    "pow": (2, 2, lambda one, other: float(one**other)),
    "min": (1, 1_000, min),
    "max": (1, 1_000, max),
    "mean": (1, 1_000, lambda *values: sum(values) / len(values)),
    "pi": (0, 0, lambda: pi),
    "exponential": (2, 2, _exponential),
    "GLM": (4, 4, _glm),
    "Weibull": (4, 4, _weibull),
    "uniform-deviate": (2, 2, lambda low, high: (low + high) / 2.0),
    "normal-deviate": (2, 2, lambda mean, _: mean),
    "lognormal-deviate": (2, 3, lambda mean, *_: mean),
    "gamma-deviate": (2, 2, lambda shape, scale: shape * scale),
    "beta-deviate": (2, 2, lambda one, other: one / (one + other)),
}
"""Fewest and most arguments of an expression, and its value."""


def value_of(tag: str, values: Sequence[float]) -> float:
    """Return the value of the expression `tag`. Raises `ValueError` when there is none."""
    least, most, act = EXPRESSIONS[tag]
    if not least <= len(values) <= most:
        raise ValueError(f"<{tag}> has {len(values)} arguments")
    try:
        found = act(*values)
    except (ArithmeticError, ValueError, TypeError) as error:
        raise ValueError(f"<{tag}> of {', '.join(f'{value:g}' for value in values)} has no value") from error
    if not isinstance(found, int | float) or not isfinite(found):
        raise ValueError(f"<{tag}> of {', '.join(f'{value:g}' for value in values)} has no value")
    return float(found)


def together(
    model: str, members: Sequence[str], each: float, factors: dict[int, float]
) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield the sets of `members` that a common cause takes, and how probable each of these events is.

    `each` is the whole probability of a member, `factors` those of the group by level. Raises `ValueError`.
    """
    size = len(members)
    if not 2 <= size <= MOST_MEMBERS:
        raise ValueError(f"a common-cause group has 2 to {MOST_MEMBERS} members, not {size}")
    shares = _SHARES.get(model)
    if shares is None:
        raise ValueError(f"the common-cause model {model} is not supported")
    for level, share in enumerate(shares(size, factors), 1):
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"the factors of the group give no share between 0 and 1 at level {level}")
        if share > 0.0:
            yield from ((one, each * share) for one in combinations(members, level))


def _beta(size: int, factors: dict[int, float]) -> list[float]:
    if set(factors) != {size}:
        raise ValueError(f"a beta-factor group of {size} has one factor, of level {size}")
    return [1.0 - factors[size], *[0.0] * (size - 2), factors[size]]


def _greek(size: int, factors: dict[int, float]) -> list[float]:
    """Return the shares of multiple Greek letters: factor k says how often a further unit goes along."""
    if not factors or set(factors) != set(range(2, max(factors) + 1)) or max(factors) > size:
        raise ValueError(f"an MGL group of {size} has factors of the levels 2 to at most {size}, none left out")
    found: list[float] = []
    so_far = 1.0
    for level in range(1, size + 1):
        so_far *= factors.get(level, 1.0 if level == 1 else 0.0)
        found.append(so_far * (1.0 - factors.get(level + 1, 0.0)) / comb(size - 1, level - 1))
    return found


def _alpha(size: int, factors: dict[int, float]) -> list[float]:
    if not factors or set(factors) - set(range(1, size + 1)):
        raise ValueError(f"an alpha-factor group of {size} has factors of the levels 1 to {size}")
    total = sum(level * factor for level, factor in factors.items())
    if total <= 0.0:
        raise ValueError("the factors of the group are 0")
    levels = range(1, size + 1)
    return [level * factors.get(level, 0.0) / total / comb(size - 1, level - 1) for level in levels]


_SHARES: dict[str, Callable[[int, dict[int, float]], list[float]]] = {
    "beta-factor": _beta,
    "MGL": _greek,
    "alpha-factor": _alpha,
}
