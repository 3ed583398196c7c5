"""The courses of a Monte-Carlo, compiled: as in `safecare.cascade.front_kernel`, with drawn delays and luck.

Only rules that get a cause are touched, and only those that fire draw numbers: time follows what happens. Between two
moments at which something ends, facts only begin, in order of time; what such a moment does: `end_kernel`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from safecare.cascade.compiled import compiled
from safecare.cascade.draw_kernel import drawn, held_up
from safecare.cascade.end_kernel import NOTHING, settle
from safecare.cascade.front_kernel import longer, pop, push
from safecare.cascade.system import Floats, Ints, Keys, Mask, Places


@compiled
def courses(
    reader_starts: Ints,
    readers: Ints,
    rules: Any,
    lasting: Mask,
    lanes: Keys,
    columns: Keys,
    seed_rows: Ints,
    seed_starts: Floats,
    seed_untils: Floats,
    change_of: Ints,
    stops: Floats,
    slows_at: Floats,
    slows_by: Floats,
    repair_rows: Ints,
    repair_at: Floats,
    repair_whole: Mask,
    ends: Floats,
    horizon: float,
    again: Mask,
    base: tuple[Places, Ints, Floats, Floats, Ints],
) -> tuple[Places, Ints, Floats, Floats, Ints]:
    """Play every sample for which `again` is true, and take the others from `base`. `rules` are `CHANCE`.

    `change_of` says which change concerns a rule (-1: none). `ends` are the moments, in order, at which a seed or a
    repair may end something. Returned are, sample after sample, the episodes of facts: where each sample begins,
    rows, starts, ends (infinite: not within the horizon), causes; those of one fact in order of time.
    """
    rows = len(reader_starts) - 1
    counts, fresh = np.zeros(len(rules), np.int32), np.zeros(len(rules), np.int32)
    since, due = np.full(len(rules), np.inf), np.full(len(rules), np.inf)
    spent, listed = np.zeros(len(rules), np.bool_), np.zeros(len(rules), np.bool_)
    met = np.empty(len(rules), np.int32)
    begun, cause = np.full(rows, np.inf), np.full(rows, NOTHING, np.int32)
    done, known = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    latched, proven = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    seen, stack = np.empty(rows, np.int32), np.empty(rows, np.int32)
    seed_spent = np.zeros(len(seed_rows), np.bool_)
    heap_times, heap_items = np.empty(1024), np.empty(1024, np.int32)
    ending = len(ends) > 0  # without ends, what `settle` needs isn't put down: it costs as much again
    begins = np.zeros(len(columns) + 1, np.int64)
    room = max(1024, len(base[1]))
    out_rows, out_causes = np.empty(room, np.int32), np.empty(room, np.int32)
    out_starts, out_ends = np.empty(room), np.empty(room)
    count = 0
    for sample in range(len(columns)):
        if not again[sample]:
            first, last = base[0][sample], base[0][sample + 1]
            while count + last - first > room:
                out_rows, out_causes = longer(out_rows), longer(out_causes)
                out_starts, out_ends = longer(out_starts), longer(out_ends)
                room *= 2
            until_ = count + last - first
            out_rows[count:until_], out_causes[count:until_] = base[1][first:last], base[4][first:last]
            out_starts[count:until_], out_ends[count:until_] = base[2][first:last], base[3][first:last]
            count = until_
            begins[sample + 1] = count
            continue
        size = seen_count = met_count = 0
        for index in range(len(seed_rows)):
            row, at = seed_rows[index], seed_starts[index, sample]
            if row >= 0 and at < begun[row] and at < seed_untils[index]:
                begun[row], cause[row] = at, -2 - index
                if not known[row]:
                    known[row] = True
                    seen[seen_count] = row
                    seen_count += 1
                if size == len(heap_times):
                    heap_times, heap_items = longer(heap_times), longer(heap_items)
                size = push(heap_times, heap_items, size, at, row)
        for stage in range(len(ends) + 1):
            until = ends[stage] if stage < len(ends) else np.inf
            while size and heap_times[0] <= horizon and heap_times[0] < until:
                at, fact = heap_times[0], heap_items[0]
                size = pop(heap_times, heap_items, size)
                if done[fact]:
                    continue
                done[fact] = True
                for place in range(reader_starts[fact], reader_starts[fact + 1]):
                    rule = readers[place]
                    if counts[rule] == 0 and not (ending and listed[rule]):
                        if ending:
                            listed[rule] = True
                        met[met_count] = rule
                        met_count += 1
                    counts[rule] += 1
                    own = rules[rule]
                    if counts[rule] != own.need:
                        continue
                    when = at + drawn(own, lanes, columns[sample])
                    change = change_of[rule]
                    if change >= 0:
                        when = held_up(when, at, stops[change], slows_at[change], slows_by[change])
                    if ending:
                        since[rule], due[rule] = at, when
                    if when == np.inf:
                        continue
                    head = own.head
                    if when < begun[head]:
                        begun[head], cause[head] = when, rule
                        if not known[head]:
                            known[head] = True
                            seen[seen_count] = head
                            seen_count += 1
                        if size == len(heap_times):
                            heap_times, heap_items = longer(heap_times), longer(heap_items)
                        size = push(heap_times, heap_items, size, when, head)
            if until > horizon or stage == len(ends):
                break
            while len(heap_times) < len(rules) + len(seed_rows):
                heap_times, heap_items = longer(heap_times), longer(heap_items)
            while count + rows > room:
                out_rows, out_causes = longer(out_rows), longer(out_causes)
                out_starts, out_ends = longer(out_starts), longer(out_ends)
                room *= 2
            size, seen_count, met_count, count = settle(
                until,
                seed_starts[:, sample],
                columns[sample],
                (reader_starts, readers, rules, lasting, lanes),
                (seed_rows, seed_untils, seed_spent),
                (change_of, stops, slows_at, slows_by),
                (repair_rows, repair_at, repair_whole),
                (counts, fresh, since, due, spent, listed, met),
                (begun, cause, done, known, latched, proven, seen, stack),
                (heap_times, heap_items),
                (out_rows, out_starts, out_ends, out_causes),
                size,
                seen_count,
                met_count,
                count,
            )
        while count + seen_count > room:
            out_rows, out_causes = longer(out_rows), longer(out_causes)
            out_starts, out_ends = longer(out_starts), longer(out_ends)
            room *= 2
        for index in range(seen_count):
            row = seen[index]
            if done[row]:
                out_rows[count], out_causes[count] = row, cause[row]
                out_starts[count], out_ends[count] = begun[row], np.inf
                count += 1
            begun[row], cause[row] = np.inf, NOTHING
            done[row], known[row], latched[row] = False, False, False
        for index in range(met_count):
            rule = met[index]
            counts[rule] = 0
            if ending:
                since[rule], due[rule], spent[rule], listed[rule] = np.inf, np.inf, False, False
        seed_spent[:] = False
        begins[sample + 1] = count
    return begins, out_rows[:count], out_starts[:count], out_ends[:count], out_causes[:count]


@compiled
def touched(
    rules: Ints,
    tail_starts: Ints,
    tails: Ints,
    needs: Ints,
    repaired: Ints,
    repair_at: Floats,
    facts: int,
    begins: Places,
    rows: Ints,
    starts: Floats,
) -> Mask:
    """Return in which samples changes can matter: one of `rules` has its causes, or a fact is repaired."""
    found = np.zeros(len(begins) - 1, np.bool_)
    begun = np.full(facts, np.inf)
    for sample in range(len(begins) - 1):
        for place in range(begins[sample], begins[sample + 1]):
            begun[rows[place]] = min(begun[rows[place]], starts[place])
        for index in range(len(repaired)):
            if begun[repaired[index]] <= repair_at[index]:
                found[sample] = True
        for rule in rules:
            if found[sample]:
                break
            true = 0
            for place in range(tail_starts[rule], tail_starts[rule + 1]):
                true += begun[tails[place]] < np.inf
            found[sample] = true >= needs[rule]
        for place in range(begins[sample], begins[sample + 1]):
            begun[rows[place]] = np.inf
    return found
