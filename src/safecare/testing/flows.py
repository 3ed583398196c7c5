"""Labelled flows of a made hospital network, with the features by which NSL-KDD describes connections.

NSL-KDD itself (flows of 1998) may not be had everywhere and says nothing about hospitals; this set can be made anew
from a seed. It is made data: an AUC on it shows that a score works at all, never how well it does in a hospital.
Attacks overlap with what is normal on purpose: backups are as large as theft, clients retry as guessers do, monitoring
polls as scans do. Source of the features: Stolfo et al., "Cost-based Modeling for Fraud and Intrusion Detection"
(DISCEX 2000): basic ones, those of the last two seconds, and those of the last hundred connections to the same host.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOSTS, SERVERS, DAY = 120, 12, 86_400.0
"""Stations, servers, and seconds of a day."""
FEATURES = (
    "duration", "bytes out", "bytes in", "to the same host within 2 s", "to the same service within 2 s",
    "unanswered among the former", "refused among the former", "same service among the former",
    "other services among the former", "hosts among those of the service", "of the last 100 to the host: same service",
    "of the last 100 to the host: failed", "of the last 100 to the host: sources",
)  # fmt: skip
MIX = {"flood": 0.58, "scan": 0.10, "sweep": 0.09, "guess": 0.13, "theft": 0.08, "worm": 0.02}
"""Shares of the attacks, as KDDTest+ has them: denial of service 58 %, probes 19 %, remote access 21 %, others."""


@dataclass(frozen=True)
class MadeFlow:
    """One flow: seconds, ends, service port, seconds it lasted, bytes, how it ended (ok, silent, refused)."""

    at: float
    source: int
    target: int
    port: int
    lasts: float
    out: float
    back: float
    end: str
    label: str = ""
    """Name of the attack; empty for what is normal."""


_NORMAL = (
    # share, port, seconds, bytes out, bytes in (medians; log-normal), sigma
    (0.30, 443, 8.0, 1800.0, 14_000.0, 1.1),
    (0.20, 53, 0.02, 60.0, 140.0, 0.3),
    (0.12, 389, 0.3, 900.0, 2600.0, 0.6),
    (0.10, 445, 20.0, 9000.0, 60_000.0, 1.6),
    (0.08, 2575, 0.2, 900.0, 120.0, 0.5),
    (0.07, 104, 4.0, 600_000.0, 700.0, 1.4),
    (0.06, 104, 1.0, 900.0, 9000.0, 1.0),
    (0.04, 9100, 5.0, 200_000.0, 200.0, 1.2),
    (0.02, 22, 300.0, 8000.0, 20_000.0, 1.5),
    (0.01, 873, 600.0, 40_000_000.0, 9000.0, 1.2),
)


def normal_flows(seed: int, count: int) -> list[MadeFlow]:
    """Return a working day: by the hour, with retries of what is not answered, and a station that polls all servers."""
    chance = random.Random(seed)
    made: list[MadeFlow] = []
    shares = [row[0] for row in _NORMAL]
    while len(made) < count:
        at = (
            min(max(chance.gauss(12.5 * 3600, 3.5 * 3600), 0.0), DAY - 1)
            if chance.random() < 0.8
            else chance.random() * DAY
        )
        _, port, lasts, out, back, sigma = chance.choices(_NORMAL, shares)[0]
        source, target = (
            SERVERS + chance.randrange(HOSTS),
            port % SERVERS if chance.random() < 0.8 else chance.randrange(SERVERS),
        )
        tries = 1 + (chance.random() < 0.02) * chance.randrange(1, 4)
        for attempt in range(tries):
            end = "ok" if attempt == tries - 1 else chance.choice(("silent", "refused"))
            factor = chance.lognormvariate(0.0, sigma)
            fits = end == "ok"
            made.append(
                MadeFlow(
                    at + attempt,
                    source,
                    target,
                    port,
                    lasts * factor * fits,
                    out * factor * fits,
                    back * factor * fits,
                    end,
                )
            )
        if chance.random() < 0.004:  # monitoring asks every server
            made += [MadeFlow(at + one * 0.05, SERVERS, one, 161, 0.01, 90.0, 110.0, "ok") for one in range(SERVERS)]
    return sorted(made, key=lambda one: one.at)


def attack_flows(seed: int, count: int) -> list[MadeFlow]:
    """Return about `count` flows of attacks in their `MIX`, spread over the same day."""
    chance = random.Random(seed)
    made: list[MadeFlow] = []
    for name, share in MIX.items():
        some: list[MadeFlow] = []
        while len(some) < share * count:
            some += _ATTACKS[name](chance, chance.random() * DAY)
        made += some
    return sorted(made, key=lambda one: one.at)


def _scan(chance: random.Random, at: float) -> Iterator[MadeFlow]:
    source, target = SERVERS + chance.randrange(HOSTS), chance.randrange(SERVERS + HOSTS)
    for number in range(chance.randrange(40, 200)):
        end = "ok" if chance.random() < 0.03 else "refused"
        at += chance.expovariate(20.0)
        yield MadeFlow(at, source, target, 1 + number * 7 % 9000, 0.0, 0.0, 0.0, end, "scan")


def _sweep(chance: random.Random, at: float) -> Iterator[MadeFlow]:
    source, port = SERVERS + chance.randrange(HOSTS), chance.choice((445, 104, 502, 3389))
    for target in chance.sample(range(SERVERS + HOSTS), 80):
        at += chance.expovariate(10.0)
        yield MadeFlow(
            at, source, target, port, 0.0, 0.0, 0.0, chance.choice(("silent", "silent", "refused", "ok")), "sweep"
        )


def _flood(chance: random.Random, at: float) -> Iterator[MadeFlow]:
    target = chance.randrange(SERVERS)
    for _ in range(chance.randrange(200, 400)):
        at += chance.expovariate(150.0)
        yield MadeFlow(at, SERVERS + chance.randrange(HOSTS), target, 104, 0.0, 40.0, 0.0, "silent", "flood")


def _guess(chance: random.Random, at: float) -> Iterator[MadeFlow]:
    source, target = SERVERS + chance.randrange(HOSTS), chance.randrange(SERVERS)
    for _ in range(chance.randrange(60, 150)):
        at += chance.expovariate(3.0)
        yield MadeFlow(at, source, target, 22, 0.8, 1400.0, 1900.0, chance.choice(("ok", "refused")), "guess")


def _theft(chance: random.Random, at: float) -> Iterator[MadeFlow]:
    source = SERVERS + chance.randrange(HOSTS)
    for _ in range(chance.randrange(3, 9)):
        at += chance.expovariate(1 / 60.0)
        yield MadeFlow(at, source, 443 % SERVERS, 443, 900.0, chance.lognormvariate(18.0, 1.0), 40_000.0, "ok", "theft")


def _worm(chance: random.Random, at: float) -> Iterator[MadeFlow]:
    source = SERVERS + chance.randrange(HOSTS)
    for target in chance.sample(range(SERVERS + HOSTS), 40):
        at += chance.expovariate(1.0)
        hit = chance.random() < 0.2
        yield MadeFlow(
            at, source, target, 445, 2.0 * hit, 180_000.0 * hit, 900.0 * hit, "ok" if hit else "silent", "worm"
        )


_ATTACKS = {"scan": _scan, "sweep": _sweep, "flood": _flood, "guess": _guess, "theft": _theft, "worm": _worm}


def features(flows: list[MadeFlow]) -> NDArray[np.float64]:
    """Return one row of `FEATURES` for each flow; `flows` in order of time."""
    recent: deque[MadeFlow] = deque()
    last: dict[int, deque[MadeFlow]] = {}
    rows: list[list[float]] = []
    for one in flows:
        recent.append(one)
        while one.at - recent[0].at > 2.0:
            recent.popleft()
        same = [other for other in recent if other.target == one.target]
        service = [other for other in recent if other.port == one.port]
        ends = Counter(other.end for other in same)
        host = last.setdefault(one.target, deque(maxlen=100))
        host.append(one)
        alike = sum(other.port == one.port for other in same) / len(same)
        rows.append(
            [
                np.log1p(one.lasts),
                np.log1p(one.out),
                np.log1p(one.back),
                np.log1p(len(same)),
                np.log1p(len(service)),
                ends["silent"] / len(same),
                ends["refused"] / len(same),
                alike,
                1.0 - alike,
                len({other.target for other in service}) / len(service),
                sum(other.port == one.port for other in host) / len(host),
                sum(other.end != "ok" for other in host) / len(host),
                len({other.source for other in host}) / len(host),
            ]
        )
    return np.array(rows)


def auc(scores: NDArray[np.float64], bad: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve: the chance that a bad flow scores above a normal one (Mann and Whitney)."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    values, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    sums = np.zeros(len(values))
    np.add.at(sums, inverse, ranks)
    ranks = (sums / counts)[inverse]
    many = int(bad.sum())
    return float((ranks[bad].sum() - many * (many + 1) / 2) / (many * (len(bad) - many)))
