"""A made-up large site as arrays: 100,000 assets with two facts each, and a million causes of rules.

Boards (two for each asset, both must fail), switches, clusters (two of three), identity servers (both), footholds
and detonation. Structure and figures are invented; only the size and the kinds of rules are those of a hospital.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from safecare.cascade.system import Floats, System
from safecare.cascade.words import Fact
from safecare.model.forecast import State

BOARDS, SWITCHES, IDENTITY, SERVERS = 400, 1_200, 2, 3_000
HOUR = 3600.0
Numbers = npt.NDArray[np.signedinteger[Any]]


def large_site(assets: int = 100_000, seed: int = 7) -> System:
    """Return the rules of the site. Fact ``n`` is "asset n is down", ``assets + n`` "asset n is compromised"."""
    random = np.random.default_rng(seed)
    boards = np.arange(BOARDS)
    switches = BOARDS + np.arange(SWITCHES)
    identity = switches[-1] + 1 + np.arange(IDENTITY)
    servers = identity[-1] + 1 + np.arange(SERVERS)
    ends = np.arange(servers[-1] + 1, assets)
    everything = np.arange(BOARDS, assets)
    own = switches[ends % SWITCHES]
    parts: list[tuple[Numbers, int, Numbers, tuple[float, float, float], tuple[float, float, float]]] = []

    def add(
        tails: list[Numbers], need: int, head: Numbers, hours: tuple[float, float, float], p: tuple[float, float, float]
    ) -> None:
        parts.append((np.stack(tails, axis=1), need, head, hours, p))

    both = [random.choice(boards, len(everything)), random.choice(boards, len(everything))]
    both[1] = np.where(both[0] == both[1], (both[1] + 1) % BOARDS, both[1])
    add(both, 2, everything, (0.1, 0.5, 2.0), (1.0, 1.0, 1.0))
    add([own], 1, ends, (0.0, 0.1, 0.5), (0.9, 0.95, 1.0))
    add([np.full(len(ends), one) for one in identity], IDENTITY, ends, (1.0, 4.0, 12.0), (0.5, 0.8, 1.0))
    cluster = random.choice(SERVERS - 2, len(ends))
    add([servers[cluster], servers[cluster + 1], servers[cluster + 2]], 2, ends, (0.5, 2.0, 8.0), (0.5, 0.8, 1.0))
    add([assets + ends], 1, assets + own, (0.1, 0.5, 4.0), (0.3, 0.6, 0.9))
    add([assets + own], 1, assets + ends, (0.5, 2.0, 24.0), (0.01, 0.05, 0.25))
    for _ in range(3):
        host = random.choice(servers, len(switches))
        add([assets + switches], 1, assets + host, (0.5, 2.0, 24.0), (0.01, 0.05, 0.25))
        add([assets + host], 1, assets + switches, (0.5, 2.0, 24.0), (0.05, 0.2, 0.5))
    add([assets + servers], 1, assets + np.roll(servers, 7), (1.0, 6.0, 24.0), (0.05, 0.2, 0.5))
    add([assets + switches], 1, assets + boards[switches % BOARDS], (1.0, 6.0, 24.0), (0.05, 0.2, 0.5))
    add([assets + boards], 1, boards, (0.1, 1.0, 12.0), (0.1, 0.3, 0.6))
    add([assets + everything], 1, everything, (1.0, 12.0, 72.0), (0.1, 0.3, 0.6))
    widths = np.concatenate([np.full(len(head), tails.shape[1]) for tails, _, head, _, _ in parts])
    start = np.zeros(len(widths) + 1, np.int32)
    start[1:] = np.cumsum(widths)

    def column(place: int, scale: float) -> Floats:
        return np.concatenate([np.tile(np.array(part[place], float) * scale, (len(part[2]), 1)) for part in parts])

    facts = tuple(Fact(f"{n}", state) for state in (State.DOWN, State.COMPROMISED) for n in range(assets))
    return System(
        facts=facts,
        rules=(),
        number={fact: number for number, fact in enumerate(facts)},
        tail_start=start,
        tails=np.concatenate([tails.ravel() for tails, *_ in parts]).astype(np.int32),
        need=np.concatenate([np.full(len(head), need) for _, need, head, _, _ in parts]).astype(np.int32),
        head=np.concatenate([head for _, _, head, _, _ in parts]).astype(np.int32),
        delay=column(3, HOUR),
        probability=column(4, 1.0),
        keys=random.integers(0, 2**63, len(widths), dtype=np.uint64),
        lasting=np.zeros(len(widths), np.bool_),
    )
