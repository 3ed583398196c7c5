"""A device has a conversation unlike all that its kind had before: volume, direction, hour, outcome.

Source: `safecare.detect.cyber.flow_score` for the score, peaks over threshold (`safecare.detect.building.tail`) for
how rare it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import numpy as np

from safecare.detect.api import detector
from safecare.detect.building.tail import Tail
from safecare.detect.cyber.flow_score import FlowScore
from safecare.detect.cyber.wire_words import concerned, end, target_of
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import ConnectionSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say

GROUPS = ("medical", "utility", "cold_chain")
"""Groups of assets whose traffic is that of machines, so that unusual means something."""
FEATURES: tuple[Text, ...] = (
    say("bytes sent"),
    say("bytes received"),
    say("balance of the two"),
    say("hour of the day"),
    say("hour of the day"),
    say("outcome"),
    say("service port"),
)
RARE = 1e-5
"""Chance below which a flow is told (chosen: a device has some thousand a day)."""
LEARNING = 2000
"""Flows of a kind before any is judged (chosen: a day or two)."""
BATCH = 200
"""Flows after which what is usual is renewed (chosen)."""
KINDS = 200
TOLD = 10_000
"""Kinds of devices whose usual flows are kept, and conversations that are not told again (chosen: bounds the state)."""


class Usual(msgspec.Struct):
    """What is usual for one kind of device: moments of its flows, the tail of scores, flows not learned yet."""

    count: float = 0.0
    mean: list[float] = []
    covariance: list[list[float]] = []
    tail: Tail = msgspec.field(default_factory=Tail)
    waiting: list[list[float]] = []


@detector("network.flow-anomaly", wants={ConnectionSeen}, domain=Domain.CYBER)
@dataclass
class FlowAnomaly:
    """Alert when a conversation of a device is rarer than one in 100,000 of its kind's, once per `pause` (time)."""

    hospital: Hospital
    pause: timedelta = timedelta(hours=1)
    _usual: dict[str, Usual] = field(default_factory=dict, init=False)
    _told: dict[str, datetime] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Score the conversations of devices, by kind."""
        for event in batch:
            if isinstance(event, ConnectionSeen):
                device = self._device(event)
                if device:
                    yield from self._judge(event, device)

    def _device(self, event: ConnectionSeen) -> str:
        """Return the kind of the device that takes part; empty if none does."""
        for ip in (event.src_ip, event.dst_ip):
            asset = self.hospital.at_address("ip", ip)
            if asset is not None and asset.group in GROUPS:
                return asset.kind
        return ""

    def _judge(self, event: ConnectionSeen, kind: str) -> Iterator[Alert]:
        usual = self._usual.get(kind)
        if usual is None:
            usual = Usual()
            remember(self._usual, kind, usual, KINDS)
        features = _features(event)
        if usual.count:
            score = _score_of(usual)
            value = float(score.score(np.array([features]))[0])
            rare = usual.tail.rarity(math.log1p(value)) if usual.count >= LEARNING else 1.0
            usual.tail.add(math.log1p(value))
            pair = f"{event.src_ip}\x1f{event.dst_ip}\x1f{event.dst_port}"
            last = self._told.get(pair)
            if rare < RARE and (last is None or abs(event.at - last) >= self.pause):
                remember(self._told, pair, event.at, TOLD)
                yield self._alert(event, score.reasons(np.array(features)), rare)
        usual.waiting.append(features)
        if len(usual.waiting) >= BATCH:
            score = _score_of(usual)
            score.learn(np.array(usual.waiting))
            usual.count, usual.mean, usual.waiting = score.count, score.mean.tolist(), []
            usual.covariance = score.covariance.tolist()

    def _alert(self, event: ConnectionSeen, reasons: list[int], rare: float) -> Alert:
        assets, zones, peers = concerned(self.hospital, event)
        first, second = (FEATURES[one] for one in reasons[:2])
        return Alert.of(
            self,
            event,
            severity=40,
            confidence=0.5,
            title=say(
                "Unusual traffic from {source} to {target}",
                source=end(self.hospital, event.src_ip),
                target=target_of(self.hospital, event.dst_ip),
            ),
            why=[
                say(
                    "What is unusual: {first}, {second}; one in {count} flows of its kind.",
                    first=first,
                    second=second,
                    count=int(min(1.0 / max(rare, 1e-12), 1e9)),
                )
            ],
            assets=assets,
            zones=zones,
            peers=peers,
        )


def _score_of(usual: Usual) -> FlowScore:
    score = FlowScore(len(FEATURES))
    if usual.count:
        score.count, score.mean = usual.count, np.array(usual.mean)
        score.covariance = np.array(usual.covariance)
    return score


def _features(event: ConnectionSeen) -> list[float]:
    out, back = math.log1p(event.bytes_out), math.log1p(event.bytes_in)
    angle = (event.at.hour * 60 + event.at.minute) / 1440 * 2 * math.pi
    outcome = {"open": 0.0, "unknown": 0.3, "silent": 1.0, "refused": 1.0}[event.outcome]
    return [out, back, out - back, math.cos(angle), math.sin(angle), outcome, math.log1p(event.dst_port)]
