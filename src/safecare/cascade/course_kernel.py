"""The courses of a Monte-Carlo, compiled: as in `safecare.cascade.front_kernel`, with drawn delays and luck.

Only rules that get a cause are touched, and only those that fire draw numbers: time follows what happens.
"""

from __future__ import annotations

from math import inf, sqrt
from typing import Any

import numpy as np

from safecare.cascade.compiled import compiled
from safecare.cascade.front_kernel import longer, pop, push
from safecare.cascade.system import Floats, Ints, Keys, Mask, Places

NOTHING = -1
"""Cause of a fact that does not happen."""
CHANCE = np.dtype(
    [
        ("need", np.int32),
        ("head", np.int32),
        ("key", np.uint64),
        ("soonest", np.float64),
        ("usual", np.float64),
        ("latest", np.float64),
        ("least", np.float64),
        ("likely", np.float64),
        ("most", np.float64),
    ]
)
"""A rule with its random parts, in one line of the processor's cache: delay (seconds) and probability."""
ROUNDS = 6
"""Most rounds between starts and ends. Each round can only take effects away, so stopping early errs to the worse."""


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


def chances(needs: Ints, heads: Ints, keys: Keys, delay: Floats, probability: Floats) -> Any:
    """Return rules as `courses` wants them."""
    found = np.empty(len(needs), CHANCE)
    found["need"], found["head"], found["key"] = needs, heads, keys
    found["soonest"], found["usual"], found["latest"] = delay.T
    found["least"], found["likely"], found["most"] = probability.T
    return found


@compiled
def drawn(rule: Any, lanes: Keys, column: Any) -> float:
    """Return the delay of `rule` in the sample of `column`; infinite where it fails."""
    own = mixed(rule.key ^ lanes[0])
    chance = rule.likely
    if rule.least != rule.most:
        doubt = (mixed(mixed(own + lanes[1]) ^ column) >> np.uint64(11)) * 2.0**-53
        chance = triangular(rule.least, chance, rule.most, doubt)
    if chance < 1.0 and (mixed(mixed(own + lanes[2]) ^ column) >> np.uint64(11)) * 2.0**-53 >= chance:
        return inf
    if rule.soonest == rule.latest:
        return rule.usual
    uniform = (mixed(mixed(own + lanes[3]) ^ column) >> np.uint64(11)) * 2.0**-53
    return triangular(rule.soonest, rule.usual, rule.latest, uniform)


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
def hold(
    row: int,
    until: float,
    lasting: bool,  # noqa: FBT001 - compiled
    begun: Floats,
    ended: Floats,
    repair_of: Ints,
    repair_at: Floats,
    repair_whole: Mask,
) -> bool:
    """Let `row` last to `until`, unless it is repaired before; return whether that is later than known."""
    repair = repair_of[row]
    if repair >= 0 and (repair_whole[repair] or not lasting) and begun[row] <= repair_at[repair]:
        until = min(until, repair_at[repair])
    if until > ended[row]:
        ended[row] = until
        return True
    return False


@compiled
def courses(
    tail_starts: Ints,
    tails: Ints,
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
    repair_of: Ints,
    repair_at: Floats,
    repair_whole: Mask,
    mortal: Mask,
    horizon: float,
    again: Mask,
    base: tuple[Places, Ints, Floats, Floats, Ints],
) -> tuple[Places, Ints, Floats, Floats, Ints]:
    """Play every sample for which `again` is true, and take the others from `base`. `rules` are `CHANCE`.

    `change_of` and `repair_of` say which change or repair concerns a rule or fact (-1: none).
    Returned are, sample after sample, the facts that happen: where each sample begins, rows, starts, ends, causes.
    A rule whose causes end before its delay is over does not fire; an effect that isn't lasting ends with its causes.
    As ends depend on starts and starts on ends, both are found in rounds: first with nothing ending, then with the
    ends that this gives, until nothing moves.
    """
    rows = len(reader_starts) - 1
    true_tails = np.zeros(len(rules), np.int32)
    fired, met = np.empty(len(rules), np.int32), np.empty(len(rules), np.int32)
    begun, ended, cause = np.full(rows, np.inf), np.full(rows, np.inf), np.full(rows, NOTHING, np.int32)
    old_begun, old_ended = np.zeros(rows), np.empty(rows)
    done, known = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    seen = np.empty(rows, np.int32)
    heap_times, heap_items = np.empty(1024), np.empty(1024, np.int32)
    any_mortal = mortal.any()
    begins = np.zeros(len(columns) + 1, np.int64)
    room = max(1024, len(base[1]))
    out_rows, out_causes = np.empty(room, np.int32), np.empty(room, np.int32)
    out_starts, out_ends = np.empty(room), np.empty(room)
    count = 0
    for sample in range(len(columns)):
        seen_count = 0
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
        for round_ in range(ROUNDS + 1):
            size = fired_count = met_count = 0
            for index in range(seen_count):
                row = seen[index]
                begun[row], cause[row], done[row] = np.inf, NOTHING, False
            for index in range(len(seed_rows)):
                row, at = seed_rows[index], seed_starts[index, sample]
                if row >= 0 and at < begun[row]:
                    begun[row], cause[row] = at, -2 - index
                    if not known[row]:
                        known[row] = True
                        seen[seen_count] = row
                        seen_count += 1
                    if size == len(heap_times):
                        heap_times, heap_items = longer(heap_times), longer(heap_items)
                    size = push(heap_times, heap_items, size, at, row)
            while size:
                at, fact = heap_times[0], heap_items[0]
                if at > horizon:
                    break
                size = pop(heap_times, heap_items, size)
                if done[fact]:
                    continue
                done[fact] = True
                for place in range(reader_starts[fact], reader_starts[fact + 1]):
                    rule = readers[place]
                    if true_tails[rule] == 0:
                        met[met_count] = rule
                        met_count += 1
                    true_tails[rule] += 1
                    own = rules[rule]
                    if true_tails[rule] != own.need:
                        continue
                    when = at + drawn(own, lanes, columns[sample])
                    if when == np.inf:
                        continue
                    change = change_of[rule]
                    if change >= 0:
                        if when > slows_at[change]:
                            from_ = max(at, slows_at[change])
                            when = from_ + (when - from_) * slows_by[change]
                        if when >= stops[change]:
                            continue
                    if any_mortal:
                        if when > support_end(rule, tail_starts, tails, own.need, old_begun, ended):
                            continue
                        fired[fired_count] = rule
                        fired_count += 1
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
            for index in range(met_count):
                true_tails[met[index]] = 0
            if not any_mortal or round_ == ROUNDS:
                break
            for index in range(seen_count):
                row = seen[index]
                old_ended[row] = ended[row]
                if mortal[row]:
                    ended[row] = -np.inf
            for index in range(len(seed_rows)):
                row = seed_rows[index]
                if row >= 0 and mortal[row] and seed_starts[index, sample] < np.inf:
                    hold(row, seed_untils[index], False, begun, ended, repair_of, repair_at, repair_whole)
            moved = True
            while moved:
                moved = False
                for place in range(fired_count):
                    rule = fired[place]
                    if mortal[rules[rule].head]:
                        until = np.inf
                        if not lasting[rule]:
                            until = support_end(rule, tail_starts, tails, rules[rule].need, begun, ended)
                        if hold(
                            rules[rule].head, until, lasting[rule], begun, ended, repair_of, repair_at, repair_whole
                        ):
                            moved = True
            moved = False
            for index in range(seen_count):
                row = seen[index]
                if mortal[row] and begun[row] == np.inf:
                    ended[row] = np.inf
                if ended[row] != old_ended[row] or begun[row] != old_begun[row]:
                    moved = True
            if not moved:
                break
            for index in range(seen_count):
                old_begun[seen[index]] = begun[seen[index]]
        while count + seen_count > room:
            out_rows, out_causes = longer(out_rows), longer(out_causes)
            out_starts, out_ends = longer(out_starts), longer(out_ends)
            room *= 2
        for index in range(seen_count):
            row = seen[index]
            # A circle that has not settled may hold a fact that ends before it begins: it never was.
            if begun[row] <= min(horizon, ended[row]):
                out_rows[count], out_causes[count] = row, cause[row]
                out_starts[count], out_ends[count] = begun[row], ended[row]
                count += 1
            begun[row], ended[row], cause[row] = np.inf, np.inf, NOTHING
            old_begun[row], done[row], known[row] = 0.0, False, False
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
            begun[rows[place]] = starts[place]
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
