"""From frames to what was said: packets to conversations, bytes put together, messages of the protocols that we read.

One `Dissector` takes blocks of frames, of files or of a live interface, and gives `Spoken` messages, ended
`Conversation`s, `Claimed` addresses, and under which MAC address stations send. Header work is done on columns; only
payload of conversations that speak (or may
speak) a protocol of ours is touched packet by packet.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal

import msgspec
import numpy as np

from safecare.formats.packets.file import Frames
from safecare.formats.packets.flows import Conversation, Flow, Flows
from safecare.formats.packets.headers import TCP, UDP, Addresses, Headers, headers
from safecare.formats.packets.senders import Senders
from safecare.formats.packets.slow import Arp, Packet, SlowRoad, merged
from safecare.formats.packets.streams import Half
from safecare.formats.wire.message import MOST_MESSAGE, Message, Protocol, Talk, WireError
from safecare.formats.wire.protocols import PROTOCOLS

TRIES = 16
"""Packets with payload that are looked at before a conversation counts as none of ours (chosen)."""
ENCRYPTED = {2762: "dicom-tls", 8883: "mqtt-tls", 636: "ldaps", 802: "modbus-tls"}
"""What TLS hides at these ports (IANA): all that shows of it is where it goes."""
MOST_STREAMS = 20_000
"""Conversations whose bytes are put together at the same time (chosen: a few kB each; more are counted)."""
MOST_LARGE = 16
"""Messages of more than 1 MB that are put together at the same time: they carry files, of 8 MB at most."""
CONTESTED = "other bytes for a place that was sent before"
MOST_STEPS = 4096
"""Messages taken out of one segment (chosen: a segment of 64 kB holds fewer of the shortest)."""


class Spoken(msgspec.Struct, gc=False):
    """One message, the frames that brought it, its time (seconds since 1970) and its ends, client and server."""

    message: Message
    frames: tuple[int, ...]
    at: float
    src: str
    sport: int
    dst: str
    dport: int
    client: str
    server: str
    port: int
    transport: Literal["tcp", "udp"]


class Claimed(msgspec.Struct, gc=False):
    """A station said by ARP that an address is its own."""

    frame: int
    at: float
    mac: str
    address: str
    asked: bool


class Sender(msgspec.Struct, gc=False):
    """An inner address sends frames under this MAC address: its own, or that of the router before it."""

    frame: int
    at: float
    mac: str
    address: str


class Malformed(msgspec.Struct, gc=False):
    """Bytes in a conversation of a protocol that are none of its messages: reason and ends."""

    protocol: str
    reason: str
    frames: tuple[int, ...]
    at: float
    src: str
    sport: int
    dst: str
    dport: int
    client: str
    server: str
    port: int
    transport: Literal["tcp", "udp"]
    operation: Literal["malformed", "contested"] = "malformed"
    """``contested``: other bytes came in the place of bytes that were there already."""


_FAULTS = (IndexError, KeyError, ValueError, OverflowError, struct.error)

Found = Spoken | Claimed | Sender | Malformed | Conversation


@dataclass
class _Stream:
    """What is known of the bytes of one flow."""

    protocol: Protocol | None = None
    tries: int = 0
    halves: tuple[Half, Half] = field(default_factory=lambda: (Half(), Half()))
    talks: dict[bool, Talk] = field(default_factory=dict)
    client: int | None = None
    """Which end (0 or 1 of the flow's key) is the client, once known."""
    before: list[tuple[int, ...]] = field(default_factory=lambda: [(), ()])
    """The frames of each end's last message."""


@dataclass
class Dissector:
    """`only`: protocols that are looked for (all if empty). `counts`: what could not be read, by reason."""

    only: Collection[str] = ()
    counts: Counter[str] = field(default_factory=Counter)
    addresses: Addresses = field(default_factory=Addresses)
    flows: Flows = field(default_factory=Flows)
    _slow: SlowRoad = field(default_factory=SlowRoad)
    _streams: dict[int, _Stream] = field(default_factory=dict)
    _large: set[tuple[int, int]] = field(default_factory=set)
    _done: dict[int, str] = field(default_factory=dict)
    """Flows in which nothing more is looked at, and the protocol that they spoke, if it was one of ours."""
    _senders: Senders = field(default_factory=Senders)

    def feed(self, frames: Frames) -> Iterator[Found]:
        """Take a block of frames."""
        columns = headers(frames, self.addresses, self.counts)
        for row, mac in self._senders.feed(frames, columns, self.addresses):
            yield Sender(
                frame_of(columns, row), float(columns.time[row]), mac, self.addresses.names[columns.source[row]]
            )
        slow: list[tuple[int, float, Packet]] = []
        for row in columns.rest:
            start, size = int(frames.starts[row]), int(frames.sizes[row])
            frame, at = frames.number(int(row)), float(frames.times[row])
            taken = self._slow.take(frames.raw[start : start + size].tobytes(), int(frames.links[row]), at, self.counts)
            if isinstance(taken, Arp):
                yield Claimed(frame, at, taken.mac, taken.address, taken.asked)
            elif taken is not None:
                slow.append((frame, at, taken))
        if slow:
            columns = merged(columns, slow, self.addresses)
        rows, ended = self.flows.feed(columns)
        yield from self._payloads(columns, rows)
        for flow in ended:
            yield from self._end(flow)

    def settle(self, now: float) -> Iterator[Found]:
        """Give out the conversations that are over at `now` (seconds since 1970), for what never ends by itself."""
        for flow in self.flows.settle(now):
            yield from self._end(flow)

    def finish(self) -> Iterator[Found]:
        """Give out all conversations as far as they were seen."""
        for flow in list(self.flows.finish()):
            yield from self._end(flow)

    def _end(self, flow: Flow) -> Iterator[Found]:
        stream = self._streams.pop(flow.number, None)
        if stream is not None and stream.protocol:
            for side, half in enumerate(stream.halves):
                while half.waiting:
                    half.skip(-1, self.counts)
                    yield from self._messages(stream, flow, side, flow.last)
        done = self._done.pop(flow.number, "")
        self._large -= {(flow.number, 0), (flow.number, 1)}
        self.flows.forget(flow)
        service = stream.protocol.name if stream and stream.protocol else done
        if service == "tls":
            service = next(
                (ENCRYPTED[port] for port in (flow.low & 0xFFFF, flow.high & 0xFFFF) if port in ENCRYPTED), "tls"
            )
        if stream is not None and stream.client is not None and not flow.began:
            flow.first_is_client = stream.client == flow.first_end
        for half in stream.halves if stream and stream.protocol else ():
            if half.buffer:
                self.counts["message never completed"] += 1
        yield flow.conversation(self.addresses.names, service, self.flows.servers)

    def _payloads(self, columns: Headers, rows: np.ndarray) -> Iterator[Found]:
        """Walk over the packets with payload of flows that speak, or may speak, a protocol of ours."""
        wanted = (columns.end > columns.start) & (columns.protocol != 1)
        if self._done:
            wanted &= ~np.isin(rows, np.fromiter(self._done, np.int64, len(self._done)))
        at = np.flatnonzero(wanted)
        view = memoryview(columns.raw)  # type: ignore[arg-type]
        for row, number, start, end in zip(
            at.tolist(), rows[at].tolist(), columns.start[at].tolist(), columns.end[at].tolist(), strict=True
        ):
            if number in self._done:
                continue
            stream = self._streams.get(number)
            if stream is None:
                if len(self._streams) >= MOST_STREAMS:
                    self.counts["too many conversations at once"] += 1
                    continue
                stream = self._streams[number] = _Stream()
            flow = self.flows.open[number]
            payload = bytes(view[start:end])
            end_number = int(columns.source[row] << 16 | columns.sport[row])
            side = 0 if end_number == flow.low else 1
            if stream.protocol is None and not self._recognise(stream, flow, payload, side):
                continue
            found = (frame_of(columns, row), float(columns.time[row]))
            if flow.protocol == TCP:
                other = stream.halves[1 - side]
                if other.misses(int(columns.acked[row])):
                    _forget(stream)
                if other.waiting and other.skip(int(columns.acked[row]), self.counts):
                    yield from self._messages(stream, flow, 1 - side, found[1])
                yield from self._segment(stream, flow, side, int(columns.sequence[row]), payload, found)
            else:
                yield from self._message(stream, flow, side, payload, (found[0],), found[1])
            self._let_go(stream, flow)

    def _let_go(self, stream: _Stream, flow: Flow) -> None:
        """Look no further into a conversation of which its parser has said that it is over."""
        talk = stream.talks.get(True)
        if talk is None or not talk.over or stream.protocol is None:
            return
        if stream.client is not None and not flow.began:
            flow.first_is_client = stream.client == flow.first_end
        self._done[flow.number] = stream.protocol.name
        self._streams.pop(flow.number, None)

    def _recognise(self, stream: _Stream, flow: Flow, payload: bytes, side: int) -> bool:
        for protocol in PROTOCOLS.values():
            fits = protocol.tcp if flow.protocol == TCP else protocol.udp and flow.protocol == UDP
            if fits and (not self.only or protocol.name in self.only) and protocol.sniff(payload):
                stream.protocol = protocol
                stream.client = self._client(flow, protocol, payload, side)
                return True
        stream.tries += 1
        if stream.tries >= TRIES:
            del self._streams[flow.number]
            self._done[flow.number] = ""
        return False

    def _client(self, flow: Flow, protocol: Protocol, payload: bytes, side: int) -> int:
        """Return which end is the client: by the handshake, the message, the usual port, or who spoke first."""
        if flow.began:
            return flow.first_end
        if (flow.low & 0xFFFF) in protocol.ports and (flow.high & 0xFFFF) not in protocol.ports:
            return 1
        if (flow.high & 0xFFFF) in protocol.ports and (flow.low & 0xFFFF) not in protocol.ports:
            return 0
        asked = protocol.from_client(payload)
        if asked is not None:
            return side if asked else 1 - side
        return flow.first_end

    def _segment(
        self, stream: _Stream, flow: Flow, side: int, sequence: int, payload: bytes, found: tuple[int, float]
    ) -> Iterator[Found]:
        half = stream.halves[side]
        more = half.feed(sequence, payload, found[0], self.counts)
        if half.contested and stream.protocol is not None:
            half.contested = False
            ends = self._ends(stream, flow, side)
            before = half.marks[0][1] if half.buffer else half.past_frame
            both = tuple(frame for frame in (before, found[0]) if frame)
            yield Malformed(stream.protocol.name, CONTESTED, both, found[1], *ends, "tcp", "contested")
        if more:
            yield from self._messages(stream, flow, side, found[1])

    def _messages(self, stream: _Stream, flow: Flow, side: int, at: float) -> Iterator[Found]:
        """Take all whole messages that one end has sent so far."""
        half, protocol = stream.halves[side], stream.protocol
        if protocol is None:
            return
        for _ in range(MOST_STEPS):
            buffer = half.buffer
            if not buffer:
                return
            if half.lost:
                _forget(stream)
                if not protocol.sniff(bytes(buffer[:4096])):
                    half.clear()
                    self.counts[f"{protocol.name}: beginning not found after a gap"] += 1
                    return
                half.lost = False
            size = protocol.size(buffer)
            if size < 0:
                data, frames = half.take(len(buffer))
                half.lost = True
                _forget(stream)
                yield self._malformed(protocol, "no message begins here", stream, flow, side, frames, at)
                return
            if size == 0 or size > len(buffer):
                if size > protocol.most:  # too long to be kept: its beginning tells what it is, the rest is passed over
                    half.discard = size - len(buffer)
                    self.counts[f"{protocol.name}: message too long to be kept"] += 1
                    data, frames = half.take(len(buffer))
                    yield from self._message(stream, flow, side, data, frames, at)
                elif len(buffer) > protocol.most or not self._room(flow, side, len(buffer)):
                    half.clear()
                    half.lost = True
                    self.counts[f"{protocol.name}: endless message"] += 1
                return
            data, frames = half.take(size)
            yield from self._message(stream, flow, side, data, frames, at)

    def _room(self, flow: Flow, side: int, size: int) -> bool:
        """Tell whether a message of this size may go on: few large ones are kept at the same time."""
        key = (flow.number, side)
        if size <= MOST_MESSAGE:
            self._large.discard(key)
            return True
        if key not in self._large and len(self._large) >= MOST_LARGE:
            self.counts["no room for another large message"] += 1
            return False
        self._large.add(key)
        return True

    def _message(
        self, stream: _Stream, flow: Flow, side: int, data: bytes, frames: tuple[int, ...], at: float
    ) -> Iterator[Found]:
        protocol = stream.protocol
        if protocol is None:
            return
        if flow.protocol == UDP and not protocol.sniff(data):
            yield self._malformed(protocol, "no message", stream, flow, side, frames, at)
            return
        if protocol.name == "bacnet":  # peers: whoever asks is the client of what it asks
            asked = protocol.from_client(data)
            if asked is not None:
                stream.client = side if asked else 1 - side
        asked_here = stream.client == side
        talk = stream.talks.get(True)
        if talk is None:
            talk = stream.talks[True] = Talk()
        talk.asked = asked_here
        ends = self._ends(stream, flow, side)
        transport: Literal["tcp", "udp"] = "tcp" if flow.protocol == TCP else "udp"
        try:
            for message in protocol.parse(data, talk):
                both = stream.before[side] + frames if message.operation == "contested" else frames
                yield Spoken(message, both, at, *ends, transport)
        except WireError as error:
            yield self._malformed(protocol, str(error), stream, flow, side, frames, at)
        except _FAULTS as error:  # a parser's own fault must not cost the capture; it is counted, and shows up
            reason = f"parser failed with {type(error).__name__}"
            yield self._malformed(protocol, reason, stream, flow, side, frames, at)
        stream.before[side] = frames

    def _malformed(
        self,
        protocol: Protocol,
        reason: str,
        stream: _Stream,
        flow: Flow,
        side: int,
        frames: tuple[int, ...],
        at: float,
    ) -> Malformed:
        self.counts[f"{protocol.name}: {reason}"] += 1
        ends = self._ends(stream, flow, side)
        return Malformed(protocol.name, reason, frames, at, *ends, "tcp" if flow.protocol == TCP else "udp")

    def _ends(self, stream: _Stream, flow: Flow, side: int) -> tuple[str, int, str, int, str, str, int]:
        """Return source, its port, target, its port, client, server and the server's port."""
        names = self.addresses.names
        low, high = flow.low, flow.high
        source, target = (low, high) if side == 0 else (high, low)
        client, server = (low, high) if stream.client == 0 else (high, low)
        return (
            names[source >> 16],
            source & 0xFFFF,
            names[target >> 16],
            target & 0xFFFF,
            names[client >> 16],
            names[server >> 16],
            server & 0xFFFF,
        )


def frame_of(columns: Headers, row: int) -> int:
    """Return the frame number of a row."""
    return int(columns.frame[row])


def _forget(stream: _Stream) -> None:
    """Forget which questions were answered: some bytes of the conversation were not seen."""
    for talk in stream.talks.values():
        talk.answered.clear()
