"""Endless wrong input for all parsers of attackers' bytes: ``python -m safecare.testing.fuzz``.

Good inputs are bent (bits turned, lengths made to lie, cut, repeated, joined; JSON and XML in their structure too) and
read again. A parser may only raise the error that it declares, must answer within a bound of time, and must not grow.
What breaks that is kept as a file,
named by its parser and the fault. Nothing is told of coverage: this is a search by chance, from inputs that reach all
parsers.
Source: Miller, Fredriksen and So, "An Empirical Study of the Reliability of UNIX Utilities" (CACM 33/12, 1990).
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from safecare.testing.fuzz_seeds import TARGETS
from safecare.testing.fuzz_target import Target
from safecare.testing.fuzz_trees import bend_tree

SLOW = 2.0
"""Seconds of processor time from which one input is a fault: a parser that can be made to stand still (chosen)."""
POOL = 400
"""Bent inputs kept of each target, to be bent further (chosen: some megabytes)."""
LARGEST = 1 << 16
"""Bytes to which an input may grow (chosen: above the largest message of most protocols)."""
TREES = 0.7
"""Share of inputs bent as trees, of seeds that are JSON or XML (chosen: bytes bent at random seldom stay a tree)."""
FRESH = 0.5
"""Share of inputs bent from good ones; the others are bent once more (chosen: what is bent often is refused early)."""
_LIES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


@dataclass
class Outcome:
    """What a run has shown."""

    inputs: Counter[str] = field(default_factory=Counter)
    """By target."""
    refused: Counter[str] = field(default_factory=Counter)
    """By target: inputs that it has refused with its declared error."""
    faults: dict[str, bytes] = field(default_factory=dict)
    """By target and fault: the input."""
    slowest: tuple[float, str] = (0.0, "")
    """Seconds of processor time, and target."""


def bend(raw: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Return `raw` changed in one to four places."""
    data = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(data):
                data[at] = chance.randrange(256)
            case 2:
                size = chance.choice((1, 2, 4))
                lie = chance.choice(_LIES) + chance.choice((-1, 0, 0, 1))
                data[at : at + size] = (lie % (1 << 8 * size)).to_bytes(size, chance.choice(("big", "little")))
            case 3:
                del data[at:]
            case 4:
                del data[at : at + chance.randrange(1, 32)]
            case 5:
                data[at:at] = data[at : at + chance.randrange(1, 64)] * chance.choice((1, 1, 8))
            case 6:
                data[at:at] = chance.randbytes(chance.randrange(1, 16))
            case _:
                other = chance.choice(others)
                data[at:] = other[chance.randrange(len(other) + 1) :]
    return bytes(data[:LARGEST])


def fuzz(targets: Sequence[Target], seconds: float, seed: int, tell: Callable[[Outcome], None]) -> Outcome:
    """Run for `seconds` of wall time; `tell` is called about once a minute."""
    chance, outcome = random.Random(seed), Outcome()
    pools = {one.name: list(one.seeds) for one in targets}
    began = told = time.monotonic()
    while (now := time.monotonic()) - began < seconds:
        for target in targets:
            for raw in _round(pools[target.name], len(target.seeds), chance):
                _try(target, raw, outcome)
        if now - told >= 60.0:
            told = now
            tell(outcome)
    return outcome


def _round(pool: list[bytes], seeds: int, chance: random.Random) -> Iterator[bytes]:
    """Yield some bent inputs, and keep a few of them behind the `seeds` (number), to be bent further."""
    for _ in range(50):
        seed = pool[chance.randrange(seeds if chance.random() < FRESH else len(pool))]
        tree = bend_tree(seed, chance) if chance.random() < TREES else None
        raw = bend(seed, pool, chance) if tree is None else tree
        if chance.random() < 0.02 and len(raw) <= LARGEST:
            if len(pool) < POOL:
                pool.append(raw)
            else:
                pool[chance.randrange(POOL // 2, POOL)] = raw
        yield raw


def _try(target: Target, raw: bytes, outcome: Outcome) -> None:
    began = time.process_time()
    outcome.inputs[target.name] += 1
    try:
        target.read(raw)
    except target.refuses:
        outcome.refused[target.name] += 1
    except Exception as error:  # noqa: BLE001  what is searched for
        place = traceback.extract_tb(error.__traceback__)[-1]
        outcome.faults.setdefault(
            f"{target.name} {type(error).__name__} {Path(place.filename).name}:{place.lineno}", raw
        )
    spent = time.process_time() - began
    if spent > outcome.slowest[0]:
        outcome.slowest = (spent, target.name)
    if spent > SLOW:
        outcome.faults.setdefault(f"{target.name} slow", raw)


def _report(outcome: Outcome, began: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    inputs, faults = sum(outcome.inputs.values()), len(outcome.faults)
    slowest, where = outcome.slowest
    print(
        f"{time.monotonic() - began:6.0f} s, {inputs} inputs, {faults} faults, peak {peak:.0f} MB, "
        f"slowest {slowest * 1000:.0f} ms ({where})",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; return 1 if anything was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="wall time of the run")
    parser.add_argument("--seed", type=int, default=1, help="of the chance")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), help="folder for inputs that break a parser")
    parser.add_argument("targets", nargs="*", help="parsers; all without")
    asked = parser.parse_args(arguments)
    targets = [one for one in TARGETS if not asked.targets or one.name in asked.targets]
    began = time.monotonic()
    outcome = fuzz(targets, asked.seconds, asked.seed, lambda one: _report(one, began))
    _report(outcome, began)
    for target in targets:
        print(f"  {target.name:20} {outcome.inputs[target.name]:>10} inputs, {outcome.refused[target.name]} refused")
    for fault, raw in outcome.faults.items():
        asked.keep.mkdir(parents=True, exist_ok=True)
        path = asked.keep / f"{fault.replace(' ', '-').replace(':', '-')}-{hashlib.sha256(raw).hexdigest()[:8]}"
        path.write_bytes(raw)
        print(f"FAULT {fault}: {path}")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
