"""Rules compiled to arrays: facts and rules by number, tails in compressed rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from safecare.cascade.words import Fact, Rule, key_number

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


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
    lasting: Mask

    @cached_property
    def _by_tail(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.tails, kind="stable")
        rules = np.repeat(np.arange(len(self.need), dtype=np.int32), np.diff(self.tail_start))
        starts = np.zeros(len(self.facts) + 1, np.int32)
        starts[1:] = np.cumsum(np.bincount(self.tails, minlength=len(self.facts)))
        return starts, rules[order]

    @property
    def reader_starts(self) -> Ints:
        """Where the readers of each fact begin in `reader_items`."""
        return self._by_tail[0]

    @property
    def reader_items(self) -> Ints:
        """Rules by fact that stands among their tails."""
        return self._by_tail[1]

    @cached_property
    def worst_case(self) -> tuple[Ints, Any, Floats]:
        """Readers, rules and delays for `safecare.cascade.front_kernel`: each rule succeeds as fast as it can.

        Rules stand in the order of their first tails, so that those that are met together lie together in memory.
        """
        from safecare.cascade.front_kernel import packed

        waits = np.where(self.probability[:, 2] > 0.0, self.delay[:, 0], np.inf)
        order = np.argsort(self.tails[self.tail_start[:-1]], kind="stable") if len(self.tails) else np.arange(0)
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        return place[self.reader_items], *packed(self.need[order], self.head[order], waits[order])


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
        lasting=np.array([rule.lasting for rule in all_rules], np.bool_),
    )
