"""Conversations: who spoke to whom, how much, and how it went. Counted on columns, bounded.

Source: idle time-out as nfstream's and Zeek's default for TCP; refused and answered by RFC 9293 (3.5.2, 3.10.7).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from safecare.formats.packets.headers import ICMP, TCP, UDP, Headers

MOST_OPEN = 50_000
"""Conversations followed at the same time; then the longest silent tenth is given out (bounds memory, ~50 MB)."""
IDLE = 300.0
"""Seconds of silence after which the same ends start a new conversation."""
MOST_SERVERS = 20_000
"""Ends remembered as servers (chosen: above the services of a hospital's network)."""
LINGER = 5.0
"""Seconds after its last packet in which a closed conversation is still waited for."""
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
Transport = Literal["tcp", "udp", "icmp"]
_NAMES: dict[int, Transport] = {TCP: "tcp", UDP: "udp", ICMP: "icmp"}


class Conversation(msgspec.Struct, frozen=True):
    """One conversation, from the end that began it. Times are aware, UTC; bytes are payload; `frames` if kept."""

    src_ip: str
    dst_ip: str
    src_port: int
    dst_port: int
    protocol: Transport
    first: datetime
    last: datetime
    outcome: Literal["open", "refused", "silent", "unknown"]
    bytes_out: int
    bytes_in: int
    packets: int
    service: str = ""
    """Protocol that was recognised by its payload."""
    began: bool = False
    """We saw who began it; otherwise the direction is the likelier one."""
    frames: tuple[int, ...] = ()


@dataclass
class Flow:
    """A conversation while it goes on. Ends are address number x 65536 + port; `low` is the smaller one (end 0)."""

    number: int
    protocol: int
    low: int
    high: int
    first_end: int
    first: float
    last: float
    began: bool = False
    payload: list[int] = field(default_factory=lambda: [0, 0])
    packets: int = 0
    answered: bool = False
    refused: bool = False
    closed: bool = False
    first_is_client: bool = True
    frames: list[NDArray[np.int64]] = field(default_factory=list)

    def conversation(self, names: Sequence[str], service: str, servers: Container[int] = ()) -> Conversation:
        """Return the conversation as far as it was seen. `servers`: ends that have taken connections before."""
        outcome: Literal["open", "refused", "silent", "unknown"] = "open"
        if self.refused:
            outcome = "refused"
        elif not self.answered:
            outcome = "silent" if self.began or self.protocol != TCP else "unknown"
        client = self.first_end if self.first_is_client else 1 - self.first_end
        ends = (self.low, self.high)
        if not self.began and self.first_is_client and not service:
            known = [one in servers for one in ends]
            client = known.index(False) if known[0] != known[1] else _likelier(ends, client)
        here, there = ends[client], ends[1 - client]
        return Conversation(
            names[here >> 16],
            names[there >> 16],
            here & 0xFFFF,
            there & 0xFFFF,
            _NAMES[self.protocol],
            datetime.fromtimestamp(self.first, UTC),
            datetime.fromtimestamp(self.last, UTC),
            outcome,
            self.payload[client],
            self.payload[1 - client],
            self.packets,
            service,
            self.began,
            tuple(np.concatenate(self.frames).tolist()) if self.frames else (),
        )


def _likelier(ends: tuple[int, int], client: int) -> int:
    """Return who is the client where the beginning was not seen: the end with the port of the higher kind.

    Ports below 1024 are servers'; those from 32768 on are clients' (Linux takes them from there, RFC 6335 from 49152).
    Where both are of one kind, who spoke first.
    """
    kinds = [0 if one & 0xFFFF < 1024 else 2 if one & 0xFFFF >= 32_768 else 1 for one in ends]
    if kinds[0] == kinds[1]:
        return client
    return 0 if kinds[0] > kinds[1] else 1


@dataclass
class Flows:
    """All conversations that go on. With `keep_frames`, each remembers the numbers of its frames."""

    keep_frames: bool = False
    open: dict[int, Flow] = field(default_factory=dict)
    servers: dict[int, None] = field(default_factory=dict)
    """Ends that have answered a connection whose beginning was seen."""
    _keys: dict[tuple[int, int, int], Flow] = field(default_factory=dict)
    _next: int = 0

    def feed(self, columns: Headers) -> tuple[NDArray[np.int64], list[Flow]]:
        """Count a block; return the conversation's number for each row, and those that ended."""
        count = len(columns.frame)
        numbers = np.empty(count, np.int64)
        ended: list[Flow] = []
        if not count:
            return numbers, ended
        source = columns.source << 16 | columns.sport
        target = columns.target << 16 | columns.dport
        low, high = np.minimum(source, target), np.maximum(source, target)
        _, place = np.unique(np.concatenate([low, high]), return_inverse=True)
        pair = place[:count] << 26 | place[count:] << 8 | columns.protocol
        order = np.argsort(pair, kind="stable")
        sorted_pair, time, flags = pair[order], columns.time[order], columns.flags[order]
        fresh = np.empty(count, np.bool_)
        fresh[0] = True
        fresh[1:] = sorted_pair[1:] != sorted_pair[:-1]
        split = fresh.copy()
        split[1:] |= (time[1:] - time[:-1] > IDLE) | (flags[1:] & (SYN | ACK) == SYN)
        starts = np.flatnonzero(split)
        stops = np.append(starts[1:], count)
        side = (source != low)[order]
        size = (columns.end - columns.start)[order]
        out = np.add.reduceat(np.where(side, 0, size), starts)
        back = np.add.reduceat(np.where(side, size, 0), starts)
        either = np.bitwise_or.reduceat(flags, starts)
        rows = order[starts]
        for index, (start, stop, row) in enumerate(zip(starts.tolist(), stops.tolist(), rows.tolist(), strict=True)):
            key = (int(low[row]), int(high[row]), int(columns.protocol[row]))
            first_flags, at = int(flags[start]), float(time[start])
            flow = self._keys.get(key)
            if flow is not None and self._over(flow, at, first_flags, int(side[start])):
                ended.append(flow)
                flow = None
            if flow is None:
                flow = self._new(key, int(side[start]), at, first_flags)
            flow.last = max(flow.last, float(time[stop - 1]))
            flow.packets += stop - start
            flow.payload[0] += int(out[index])
            flow.payload[1] += int(back[index])
            flow.closed = flow.closed or bool(int(either[index]) & (FIN | RST))
            if not flow.answered:
                self._answered(flow, side[start:stop], flags[start:stop])
            numbers[order[start:stop]] = flow.number
            if self.keep_frames:
                flow.frames.append(np.sort(columns.frame[order[start:stop]]))
        ended += self._too_many()
        return numbers, ended

    def settle(self, now: float) -> list[Flow]:
        """Return the conversations that are over at `now` (seconds since 1970): closed for a while, or silent."""
        over = {
            key: flow
            for key, flow in self._keys.items()
            if now - flow.last > (LINGER if flow.closed or flow.refused else IDLE)
        }
        for key in over:
            del self._keys[key]
        return list(over.values())

    def finish(self) -> Iterator[Flow]:
        """Give out all that go on, in order of their beginning."""
        flows = sorted(self.open.values(), key=lambda flow: flow.first)
        self._keys.clear()
        yield from flows
        self.open.clear()

    def forget(self, flow: Flow) -> None:
        """Let go of an ended conversation."""
        self.open.pop(flow.number, None)
        if flow.began and flow.answered and flow.protocol == TCP and len(self.servers) < MOST_SERVERS:
            self.servers[flow.high if flow.first_end == 0 else flow.low] = None

    @staticmethod
    def _over(flow: Flow, at: float, flags: int, side: int) -> bool:
        """Tell whether a packet begins a new conversation between ends that had one.

        A device that was switched off says no farewell, and may take the same ports, and the same first number, again:
        a SYN after payload is no repetition of the first one, and what follows is not compared with what was before.
        """
        over = flow.refused or flow.closed or any(flow.payload)
        again = flags & (SYN | ACK) == SYN and over and side == flow.first_end
        return again or at - flow.last > IDLE

    def _new(self, key: tuple[int, int, int], side: int, at: float, flags: int) -> Flow:
        began = flags & (SYN | ACK) == SYN
        if flags & (SYN | ACK) == SYN | ACK:  # the capture began in the middle: the other end asked
            side, began = 1 - side, False
        flow = Flow(self._next, key[2], key[0], key[1], side, at, at, began)
        self._next += 1
        self.open[flow.number] = self._keys[key] = flow
        return flow

    @staticmethod
    def _answered(flow: Flow, side: NDArray[np.bool_], flags: NDArray[np.int64]) -> None:
        answers = np.flatnonzero(side != bool(flow.first_end))
        if len(answers):
            flow.refused = bool(flags[answers[0]] & RST) or flow.refused
            flow.answered = not flow.refused or (len(answers) > 1 and not (flags[answers] & RST).all())

    def _too_many(self) -> list[Flow]:
        if len(self._keys) <= MOST_OPEN:
            return []
        oldest = sorted(self._keys.items(), key=lambda one: one[1].last)[: MOST_OPEN // 10]
        for key, _ in oldest:
            del self._keys[key]
        return [flow for _, flow in oldest]
