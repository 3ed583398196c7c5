"""Rules compiled to arrays: facts and rules by number, tails in compressed rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from safecare.cascade.words import Fact, Rule, key_number

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class System:
    """All rules of a hospital. Rule `r` has the tails ``tails[tail_start[r]:tail_start[r + 1]]``."""

    facts: tuple[Fact, ...]
    rules: tuple[Rule, ...]
    number: dict[Fact, int]
    """Number by fact."""
    tail_start: Ints
    tails: Ints
    need: Ints
    head: Ints
    delay: Floats
    """Three columns: low, usual, high (seconds)."""
    probability: Floats
    """Three columns: low, usual, high."""
    keys: Keys

    @cached_property
    def tails_of(self) -> list[list[int]]:
        """Tails by rule."""
        flat, starts = self.tails.tolist(), self.tail_start.tolist()
        return [flat[start:end] for start, end in pairwise(starts)]

    @cached_property
    def heads(self) -> list[int]:
        """Head by rule."""
        found: list[int] = self.head.tolist()
        return found

    @cached_property
    def needs(self) -> list[int]:
        """How many tails a rule needs, by rule."""
        found: list[int] = self.need.tolist()
        return found

    @cached_property
    def readers(self) -> list[list[int]]:
        """Rules by fact that stands among their tails."""
        found: list[list[int]] = [[] for _ in self.facts]
        for rule, tails in enumerate(self.tails_of):
            for fact in tails:
                found[fact].append(rule)
        return found

    @cached_property
    def quickest(self) -> list[float]:
        """Shortest delay by rule; infinite for a rule that never fires."""
        possible = np.where(self.probability[:, 2] > 0.0, self.delay[:, 0], np.inf)
        found: list[float] = possible.tolist()
        return found


def compile_rules(rules: Iterable[Rule], also: Iterable[Fact] = ()) -> System:
    """Compile `rules`; facts in `also` get a number even if no rule speaks of them.

    Raises `ValueError` when two rules have the same key.
    """
    all_rules = tuple(rules)
    number: dict[Fact, int] = {}
    starts: list[int] = [0]
    flat: list[int] = []
    for rule in all_rules:
        flat.extend(number.setdefault(fact, len(number)) for fact in rule.tails)
        starts.append(len(flat))
        number.setdefault(rule.head, len(number))
    for fact in also:
        number.setdefault(fact, len(number))
    twice = [key for key, count in Counter(rule.key for rule in all_rules).items() if count > 1]
    if twice:
        raise ValueError(f"two rules have the key {twice[0]}")
    return System(
        facts=tuple(number),
        rules=all_rules,
        number=number,
        tail_start=np.array(starts, np.int32),
        tails=np.array(flat, np.int32),
        need=np.array([rule.need for rule in all_rules], np.int32),
        head=np.array([number[rule.head] for rule in all_rules], np.int32),
        delay=np.array([rule.delay for rule in all_rules], np.float64).reshape(-1, 3),
        probability=np.array([rule.probability for rule in all_rules], np.float64).reshape(-1, 3),
        keys=np.array([key_number(rule.key) for rule in all_rules], np.uint64),
    )
