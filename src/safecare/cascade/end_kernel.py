"""What holds at a moment at which something may end, compiled.

At such a moment the facts that hold are derived anew from what needs no cause: seeds that last, and lasting damage. A
rule goes on with its effect if its causes are still there, one that waits goes on waiting; what can't be derived ends.
Facts that only hold each other in a circle are not derived, so that they come back together. This is the least
solution of `safecare.cascade.simulate`'s definition at that moment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from safecare.cascade.compiled import compiled
from safecare.cascade.draw_kernel import drawn, held_up
from safecare.cascade.front_kernel import push
from safecare.cascade.system import Floats, Ints, Keys, Mask

NOTHING = -1
"""Cause of a fact that does not happen."""


@compiled
def settle(
    at: float,
    starts: Floats,
    column: Any,
    system: tuple[Ints, Ints, Any, Mask, Keys],
    seeds: tuple[Ints, Floats, Mask],
    changes: tuple[Ints, Floats, Floats, Floats],
    repairs: tuple[Ints, Floats, Mask],
    of_rules: tuple[Ints, Ints, Floats, Floats, Mask, Mask, Ints],
    of_facts: tuple[Floats, Ints, Mask, Mask, Mask, Mask, Ints, Ints],
    heap: tuple[Floats, Ints],
    out: tuple[Ints, Floats, Floats, Ints],
    size: int,
    seen_count: int,
    met_count: int,
    count: int,
) -> tuple[int, int, int, int]:
    """End at `at` what ends then, put down its episode in `out`, and fill the heap with what is to come.

    Return how many items are in the heap, facts seen, rules met, and episodes put down. All that is before `at` has
    been done, nothing that is at `at`. There is room for all in the heap and in `out`.
    """
    reader_starts, readers, rules, lasting, lanes = system
    seed_rows, seed_untils, seed_spent = seeds
    change_of, stops, slows_at, slows_by = changes
    repair_rows, repair_at, repair_whole = repairs
    counts, fresh, since, due, spent, listed, met = of_rules
    begun, cause, done, known, latched, proven, seen, stack = of_facts
    heap_times, heap_items = heap
    out_rows, out_starts, out_ends, out_causes = out

    if not _ends(at, starts, seed_untils, repair_at):
        return size, seen_count, met_count, count
    for index in range(met_count):
        rule = met[index]
        if lasting[rule] and due[rule] < at and not spent[rule]:
            latched[rules[rule].head] = True
    for repair in range(len(repair_rows)):
        if repair_at[repair] == at:
            row, whole = repair_rows[repair], repair_whole[repair]
            for index in range(met_count):
                rule = met[index]
                if rules[rule].head == row and due[rule] <= at and (whole or not lasting[rule]):
                    spent[rule] = True
            for index in range(len(seed_rows)):
                if seed_rows[index] == row and starts[index] <= at:
                    seed_spent[index] = True
            if whole:
                latched[row] = False

    waiting = 0
    for index in range(seen_count):
        if latched[seen[index]]:
            proven[seen[index]] = True
            stack[waiting] = seen[index]
            waiting += 1
    for index in range(len(seed_rows)):
        row = seed_rows[index]
        if row >= 0 and starts[index] <= at < seed_untils[index] and not seed_spent[index] and not proven[row]:
            waiting, seen_count = _prove(row, -2 - index, at, of_facts, waiting, seen_count)
    while waiting:
        waiting -= 1
        fact = stack[waiting]
        for place in range(reader_starts[fact], reader_starts[fact + 1]):
            rule = readers[place]
            if not listed[rule]:
                listed[rule] = True
                met[met_count] = rule
                met_count += 1
            fresh[rule] += 1
            if fresh[rule] != rules[rule].need:
                continue
            if since[rule] == np.inf:
                since[rule] = at
                due[rule] = at + drawn(rules[rule], lanes, column)
                change = change_of[rule]
                if change >= 0:
                    due[rule] = held_up(due[rule], at, stops[change], slows_at[change], slows_by[change])
                for repair in range(len(repair_rows)):
                    if repair_rows[repair] == rules[rule].head and repair_at[repair] == at >= due[rule]:
                        spent[rule] = repair_whole[repair] or not lasting[rule]
            if due[rule] <= at and not spent[rule] and not proven[rules[rule].head]:
                waiting, seen_count = _prove(rules[rule].head, rule, at, of_facts, waiting, seen_count)

    for index in range(met_count):
        rule = met[index]
        if fresh[rule] < rules[rule].need:
            since[rule], due[rule], spent[rule] = np.inf, np.inf, False
        counts[rule], fresh[rule] = fresh[rule], 0
    for index in range(seen_count):
        row = seen[index]
        if done[row] and not proven[row]:
            out_rows[count], out_causes[count] = row, cause[row]
            out_starts[count], out_ends[count] = begun[row], at
            count += 1
        done[row] = proven[row]
        proven[row] = False
        if not done[row]:
            begun[row], cause[row] = np.inf, NOTHING

    size = 0
    for index in range(met_count):
        rule = met[index]
        row = rules[rule].head
        if at < due[rule] < begun[row]:
            begun[row], cause[row] = due[rule], rule
            if not known[row]:
                known[row] = True
                seen[seen_count] = row
                seen_count += 1
            size = push(heap_times, heap_items, size, due[rule], row)
    for index in range(len(seed_rows)):
        row = seed_rows[index]
        if row >= 0 and at < starts[index] < seed_untils[index] and starts[index] < begun[row]:
            begun[row], cause[row] = starts[index], -2 - index
            size = push(heap_times, heap_items, size, starts[index], row)
    return size, seen_count, met_count, count


@compiled
def _ends(at: float, starts: Floats, untils: Floats, repair_at: Floats) -> bool:
    """Return whether a seed that is true ends at `at`, or something is repaired then."""
    found = False
    for index in range(len(starts)):
        found |= untils[index] == at and starts[index] < at
    for moment in repair_at:
        found |= moment == at
    return found


@compiled
def _prove(
    row: int,
    by: int,
    at: float,
    of_facts: tuple[Floats, Ints, Mask, Mask, Mask, Mask, Ints, Ints],
    waiting: int,
    seen_count: int,
) -> tuple[int, int]:
    """Note that the fact of `row` holds at `at`, from then on if it didn't before; return the new counts."""
    begun, cause, done, known, _, proven, seen, stack = of_facts
    proven[row] = True
    stack[waiting] = row
    if not done[row]:
        begun[row], cause[row] = at, by
        if not known[row]:
            known[row] = True
            seen[seen_count] = row
            seen_count += 1
    return waiting + 1, seen_count
