"""Earliest times, and what is reached at all, compiled.

Facts are met in order of time with a counter for each rule, which falls with each of its causes; at zero the rule
fires (D. E. Knuth, "A generalization of Dijkstra's algorithm", Inf. Proc. Letters 6, 1977). Circles are allowed.

Facts and rules are numbers; lists of lists stand in one array with the places where each begins (``starts[i]`` to
``starts[i + 1]``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from safecare.cascade.compiled import compiled
from safecare.cascade.system import Floats, Ints

RULE = np.dtype([("missing", np.int32), ("head", np.int32), ("queue", np.int32)])
"""How many causes a rule needs, the fact that it brings about, and the queue of its delay."""


@compiled
def longer(array: Any) -> Any:
    """Return `array` with as much room again."""
    found = np.empty(2 * len(array), array.dtype)
    found[: len(array)] = array
    return found


@compiled
def push(times: Floats, items: Ints, size: int, time: float, item: int) -> int:
    """Put `item` into the heap of `size`, which grows where it must be at most ``len(times)``; return the new size."""
    place = size
    while place > 0:
        above = (place - 1) >> 2
        if times[above] <= time:
            break
        times[place], items[place] = times[above], items[above]
        place = above
    times[place], items[place] = time, item
    return size + 1


@compiled
def pop(times: Floats, items: Ints, size: int) -> int:
    """Take the first item off the heap, whose place 0 was read; return the new size. Four children to a place."""
    size -= 1
    time, item = times[size], items[size]
    place = 0
    while True:
        first = 4 * place + 1
        if first >= size:
            break
        least = first
        for child in range(first + 1, min(first + 4, size)):
            if times[child] < times[least]:
                least = child
        if times[least] >= time:
            break
        times[place], items[place] = times[least], items[least]
        place = least
    times[place], items[place] = time, item
    return size


@compiled
def front(
    reader_starts: Ints,
    readers: Ints,
    rules: Any,
    waits: Floats,
    begin: Ints,
    begin_at: Floats,
    horizon: float,
) -> tuple[Floats, Ints]:
    """Return the earliest time of every fact (infinite: never by `horizon`), and the facts in order of time.

    `rules` are `RULE`, side by side, because the time goes by waiting for memory; `waits` are the different delays;
    `begin` are the facts that stand at the start, from `begin_at` on. There is one queue for each different delay:
    facts are met in order of time, so that what a delay brings about enters its queue in order too, and only the
    first of each queue need be compared.
    """
    facts, queues = len(reader_starts) - 1, len(waits)
    times = np.full(facts, np.inf)
    done = np.zeros(facts, np.bool_)
    order = np.empty(facts, np.int32)
    left = rules.copy()
    first, last = np.full(queues, -1, np.int32), np.full(queues, -1, np.int32)
    entry_times, entry_facts, entry_next = np.empty(1024), np.empty(1024, np.int32), np.empty(1024, np.int32)
    heap_times, heap_items = np.empty(queues + len(begin) + 1), np.empty(queues + len(begin) + 1, np.int32)
    size = reached = entries = 0
    for index in range(len(begin)):
        if begin_at[index] < times[begin[index]] and begin_at[index] <= horizon:
            times[begin[index]] = begin_at[index]
            size = push(heap_times, heap_items, size, begin_at[index], -1 - begin[index])
    while size:
        at, queue = heap_times[0], heap_items[0]
        size = pop(heap_times, heap_items, size)
        fact = -1 - queue
        if queue >= 0:
            entry = first[queue]
            fact = entry_facts[entry]
            first[queue] = entry_next[entry]
            if first[queue] >= 0:
                size = push(heap_times, heap_items, size, entry_times[first[queue]], queue)
        if done[fact]:
            continue
        done[fact] = True
        order[reached] = fact
        reached += 1
        for place in range(reader_starts[fact], reader_starts[fact + 1]):
            rule = left[readers[place]]
            rule.missing -= 1
            if rule.missing == 0:
                head = rule.head
                when = at + waits[rule.queue]
                if when < times[head] and when <= horizon:
                    times[head] = when
                    if entries == len(entry_times):
                        entry_times, entry_facts = longer(entry_times), longer(entry_facts)
                        entry_next = longer(entry_next)
                    entry_times[entries], entry_facts[entries], entry_next[entries] = when, head, -1
                    if first[rule.queue] < 0:
                        first[rule.queue] = entries
                        size = push(heap_times, heap_items, size, when, rule.queue)
                    else:
                        entry_next[last[rule.queue]] = entries
                    last[rule.queue] = entries
                    entries += 1
    return times, order[:reached]


def packed(needs: Ints, heads: Ints, waits: Floats) -> tuple[Any, Floats]:
    """Return rules, and their different delays, as `front` wants them."""
    different, queues = np.unique(waits, return_inverse=True)
    found = np.empty(len(needs), RULE)
    found["missing"], found["head"], found["queue"] = needs, heads, queues
    return found, different


@compiled
def reached_rules(
    order: Ints, times: Floats, reader_starts: Ints, readers: Ints, needs: Ints, heads: Ints
) -> tuple[Ints, Ints]:
    """Return the rules that can fire, in the order in which they can, and how many reached causes each has."""
    met = np.zeros(len(needs), np.int32)
    found = np.empty(len(needs), np.int32)
    count = 0
    for fact in order:
        for place in range(reader_starts[fact], reader_starts[fact + 1]):
            rule = readers[place]
            met[rule] += 1
            if met[rule] == needs[rule] and times[heads[rule]] < np.inf:
                found[count] = rule
                count += 1
    return found[:count], met[found[:count]]


@compiled
def local_tails(
    rules: Ints, counts: Ints, tail_starts: Ints, tails: Ints, row_of: Ints, facts: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return tails by rule and rules by tail, in rows and places of `rules`, as starts and items each."""
    starts = np.zeros(len(rules) + 1, np.int32)
    starts[1:] = np.cumsum(counts)
    items = np.empty(starts[-1], np.int32)
    uses = np.zeros(facts + 1, np.int32)
    for place, rule in enumerate(rules):
        at = starts[place]
        for one in range(tail_starts[rule], tail_starts[rule + 1]):
            row = row_of[tails[one]]
            if row >= 0:
                items[at] = row
                uses[row + 1] += 1
                at += 1
    by_row = np.cumsum(uses).astype(np.int32)
    fill = by_row.copy()
    readers = np.empty(starts[-1], np.int32)
    for place in range(len(rules)):
        for one in range(starts[place], starts[place + 1]):
            readers[fill[items[one]]] = place
            fill[items[one]] += 1
    return starts, items, by_row, readers
