"""The cascade's inner loops, compiled: earliest times, what is reached at all, and the courses of a Monte-Carlo.

All three walk facts in order of time with a counter for each rule, which falls with each of its causes; at zero the
rule fires (D. E. Knuth, "A generalization of Dijkstra's algorithm", Inf. Proc. Letters 6, 1977). Circles are allowed.
Only rules that get a cause are touched, and only those that fire draw numbers: time follows what is reached.

Facts and rules are numbers; lists of lists stand in one array with the places where each begins (``starts[i]`` to
``starts[i + 1]``).
"""

from __future__ import annotations

from math import inf, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from safecare.cascade.compiled import compiled
from safecare.cascade.system import Floats, Ints, Keys

NOTHING = -1
"""Cause of a fact that does not happen."""
ROUNDS = 6
"""Most rounds between starts and ends. Each round can only take effects away, so stopping early errs to the worse."""


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
    needs: Ints,
    heads: Ints,
    waits: Floats,
    begin: Ints,
    begin_at: Floats,
    horizon: float,
) -> tuple[Floats, Ints]:
    """Return the earliest time of every fact (infinite: never by `horizon`), and the facts in order of time.

    `waits` are the delays of the rules; `begin` are the facts that stand at the start, from `begin_at` on.
    """
    facts = len(reader_starts) - 1
    times = np.full(facts, np.inf)
    done = np.zeros(facts, np.bool_)
    order = np.empty(facts, np.int32)
    missing = needs.copy()
    heap_times, heap_items = np.empty(1024), np.empty(1024, np.int32)
    size = reached = 0
    for index in range(len(begin)):
        if begin_at[index] < times[begin[index]] and begin_at[index] <= horizon:
            times[begin[index]] = begin_at[index]
            if size == len(heap_times):
                heap_times = np.concatenate((heap_times, np.empty(size)))
                heap_items = np.concatenate((heap_items, np.empty(size, np.int32)))
            size = push(heap_times, heap_items, size, begin_at[index], begin[index])
    while size:
        at, fact = heap_times[0], heap_items[0]
        size = pop(heap_times, heap_items, size)
        if done[fact]:
            continue
        done[fact] = True
        order[reached] = fact
        reached += 1
        for place in range(reader_starts[fact], reader_starts[fact + 1]):
            rule = readers[place]
            missing[rule] -= 1
            if missing[rule] == 0:
                head = heads[rule]
                when = at + waits[rule]
                if when < times[head] and when <= horizon:
                    times[head] = when
                    if size == len(heap_times):
                        heap_times = np.concatenate((heap_times, np.empty(size)))
                        heap_items = np.concatenate((heap_items, np.empty(size, np.int32)))
                    size = push(heap_times, heap_items, size, when, head)
    return times, order[:reached]


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


@compiled
def mixed(word: Any) -> Any:
    """Return the SplitMix64 finaliser of `word`, as `safecare.cascade.draws.mixed` does."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@compiled
def triangular(low: float, usual: float, high: float, uniform: float) -> float:
    """Return the triangular quantile of `uniform`."""
    width = high - low
    if uniform * width < usual - low:
        return low + sqrt(uniform * width * (usual - low))
    return high - sqrt((1.0 - uniform) * width * (high - usual))


@compiled
def drawn(lanes: Keys, column: Any, delay: Floats, probability: Floats, rule: int) -> float:
    """Return the delay of `rule` in the sample of `column`; infinite where it fails."""
    chance = probability[rule, 1]
    if probability[rule, 0] != probability[rule, 2]:
        doubt = (mixed(lanes[0, rule] ^ column) >> np.uint64(11)) * 2.0**-53
        chance = triangular(probability[rule, 0], chance, probability[rule, 2], doubt)
    if chance < 1.0 and (mixed(lanes[1, rule] ^ column) >> np.uint64(11)) * 2.0**-53 >= chance:
        return inf
    if delay[rule, 0] == delay[rule, 2]:
        return delay[rule, 1]
    uniform = (mixed(lanes[2, rule] ^ column) >> np.uint64(11)) * 2.0**-53
    return triangular(delay[rule, 0], delay[rule, 1], delay[rule, 2], uniform)


@compiled
def support_end(rule: int, tail_starts: Ints, tails: Ints, need: int, begun: Floats, ends: Floats) -> float:
    """Return until when at least `need` tails of `rule` are true: the need-th largest end."""
    first, last = tail_starts[rule], tail_starts[rule + 1]
    if last - first == 1:
        row = tails[first]
        return ends[row] if begun[row] < np.inf else -np.inf
    held = np.empty(last - first)
    for place in range(first, last):
        row = tails[place]
        held[place - first] = ends[row] if begun[row] < np.inf else -np.inf
    held.sort()
    return held[last - first - need]


@compiled
def courses(
    tail_starts: Ints,
    tails: Ints,
    reader_starts: Ints,
    readers: Ints,
    needs: Ints,
    heads: Ints,
    lasting: npt.NDArray[np.bool_],
    lanes: Keys,
    columns: Keys,
    delay: Floats,
    probability: Floats,
    seed_rows: Ints,
    seed_starts: Floats,
    seed_untils: Floats,
    stops: Floats,
    slows_at: Floats,
    slows_by: Floats,
    repair_at: Floats,
    repair_whole: npt.NDArray[np.bool_],
    mortal: npt.NDArray[np.bool_],
    horizon: float,
    again: npt.NDArray[np.bool_],
    starts: Floats,
    ends: Floats,
    causes: Ints,
) -> None:
    """Play every sample for which `again` is true, and put down when facts start and end, and why.

    `starts`, `ends` and `causes` hold one row per sample. A rule whose causes end before its delay is over does not
    fire; an effect that isn't lasting ends with its causes. As ends depend on starts and starts on ends, both are
    found in rounds: first with nothing ending, then with the ends that this gives, until nothing moves.
    """
    rules, rows = len(needs), len(reader_starts) - 1
    missing = np.empty(rules, np.int32)
    fires = np.empty(rules)
    done = np.empty(rows, np.bool_)
    room = 1024
    heap_times, heap_items = np.empty(room), np.empty(room, np.int32)
    fired = np.empty(rules, np.int32)
    any_mortal = mortal.any()
    old_ended, old_begun = np.empty(rows), np.empty(rows)
    for sample in range(len(columns)):
        if not again[sample]:
            continue
        begun, ended, cause = starts[sample], ends[sample], causes[sample]
        ended[:] = np.inf
        old_begun[:] = 0.0
        for round_ in range(ROUNDS + 1):
            begun[:] = np.inf
            cause[:] = NOTHING
            done[:] = False
            missing[:] = needs
            size = fired_count = 0
            for index in range(len(seed_rows)):
                row, at = seed_rows[index], seed_starts[index, sample]
                if row >= 0 and at < begun[row]:
                    begun[row], cause[row] = at, -2 - index
                    if size == room:
                        room *= 2
                        heap_times = np.concatenate((heap_times, np.empty(size)))
                        heap_items = np.concatenate((heap_items, np.empty(size, np.int32)))
                    size = push(heap_times, heap_items, size, at, row)
            while size:
                at, fact = heap_times[0], heap_items[0]
                size = pop(heap_times, heap_items, size)
                if done[fact]:
                    continue
                done[fact] = True
                if at > horizon:
                    break
                for place in range(reader_starts[fact], reader_starts[fact + 1]):
                    rule = readers[place]
                    missing[rule] -= 1
                    if missing[rule] != 0:
                        continue
                    when = at + drawn(lanes, columns[sample], delay, probability, rule)
                    if when < np.inf and when > slows_at[rule]:
                        from_ = max(at, slows_at[rule])
                        when = from_ + (when - from_) * slows_by[rule]
                    if when >= stops[rule]:
                        continue
                    if any_mortal and when < np.inf:
                        if when > support_end(rule, tail_starts, tails, needs[rule], old_begun, ended):
                            continue
                        fires[rule] = when
                        fired[fired_count] = rule
                        fired_count += 1
                    head = heads[rule]
                    if when < begun[head]:
                        begun[head], cause[head] = when, rule
                        if size == room:
                            room *= 2
                            heap_times = np.concatenate((heap_times, np.empty(size)))
                            heap_items = np.concatenate((heap_items, np.empty(size, np.int32)))
                        size = push(heap_times, heap_items, size, when, head)
            if not any_mortal or round_ == ROUNDS:
                break
            old_ended[:] = ended
            for row in range(rows):
                if mortal[row]:
                    ended[row] = -np.inf
            for index in range(len(seed_rows)):
                row = seed_rows[index]
                if row >= 0 and mortal[row] and seed_starts[index, sample] < np.inf:
                    hold(row, seed_untils[index], False, begun, ended, repair_at, repair_whole)
            moved = True
            while moved:
                moved = False
                for place in range(fired_count):
                    rule = fired[place]
                    if mortal[heads[rule]]:
                        until = np.inf
                        if not lasting[rule]:
                            until = support_end(rule, tail_starts, tails, needs[rule], begun, ended)
                        if hold(heads[rule], until, lasting[rule], begun, ended, repair_at, repair_whole):
                            moved = True
            moved = False
            for row in range(rows):
                if mortal[row]:
                    if begun[row] == np.inf:
                        ended[row] = np.inf
                    if ended[row] != old_ended[row] or begun[row] != old_begun[row]:
                        moved = True
            if not moved:
                break
            old_begun[:] = begun
        for row in range(rows):
            if begun[row] > horizon:
                begun[row], cause[row] = np.inf, NOTHING
            if begun[row] == np.inf:
                ended[row] = np.inf


@compiled
def hold(
    row: int,
    until: float,
    lasting: bool,  # noqa: FBT001 - compiled
    begun: Floats,
    ended: Floats,
    repair_at: Floats,
    repair_whole: npt.NDArray[np.bool_],
) -> bool:
    """Let `row` last to `until`, unless it is repaired before; return whether that is later than known."""
    if repair_at[row] < np.inf and (repair_whole[row] or not lasting) and begun[row] <= repair_at[row]:
        until = min(until, repair_at[row])
    if until > ended[row]:
        ended[row] = until
        return True
    return False


@compiled
def touched(
    rules: Ints, tail_starts: Ints, tails: Ints, needs: Ints, repaired: Ints, repair_at: Floats, starts: Floats
) -> npt.NDArray[np.bool_]:
    """Return in which samples changes can matter: one of `rules` has its causes, or a fact is repaired."""
    found = np.zeros(len(starts), np.bool_)
    for sample in range(len(starts)):
        begun = starts[sample]
        for row in repaired:
            if begun[row] <= repair_at[row]:
                found[sample] = True
        for rule in rules:
            if found[sample]:
                break
            true = 0
            for place in range(tail_starts[rule], tail_starts[rule + 1]):
                true += begun[tails[place]] < np.inf
            found[sample] = true >= needs[rule]
    return found
