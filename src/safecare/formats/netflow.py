"""NetFlow v5, v9 and IPFIX: datagrams to columns of flows. Vectorised by template, pure and bounded.

Source: Cisco NetFlow v5 (Export Datagram Formats), RFC 3954 (v9), RFC 7011 and 7012 (IPFIX). Templates are kept by
exporter and domain;
data that come before their template are counted, as exporters send templates again within minutes.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MOST_TEMPLATES = 4096
"""Templates kept (chosen: exporters have some ten each; the oldest go)."""
MOST_FIELDS = 128
"""Fields of one template (chosen: exporters send 20 to 40)."""
LONGEST_RECORD = 4096
"""Bytes of one flow record (chosen: far above what is exported)."""
VARIABLE = 0xFFFF

FIELDS = {
    1: "bytes", 2: "packets", 4: "protocol", 6: "flags", 7: "sport", 8: "source", 11: "dport", 12: "target",
    21: "last", 22: "first", 27: "source6", 28: "target6", 85: "bytes", 86: "packets", 150: "first_s", 151: "last_s",
    152: "first_ms", 153: "last_ms", 61: "direction", 34: "sampling",
}  # fmt: skip
"""Information elements that we use (IANA IPFIX registry)."""
V5 = np.dtype(
    [
        ("source", ">u4"), ("target", ">u4"), ("hop", ">u4"), ("in", ">u2"), ("out", ">u2"), ("packets", ">u4"),
        ("bytes", ">u4"), ("first", ">u4"), ("last", ">u4"), ("sport", ">u2"), ("dport", ">u2"), ("pad", "u1"),
        ("flags", "u1"), ("protocol", "u1"), ("tos", "u1"), ("as", ">u4"), ("mask", ">u2"), ("pad2", ">u2"),
    ]
)  # fmt: skip


class NetflowError(ValueError):
    """A datagram that is none: reason and place."""


@dataclass
class FlowColumns:
    """Flows of one kind; addresses as numbers (IPv4) or 16 bytes (IPv6), times in seconds since 1970."""

    source: NDArray[np.generic]
    target: NDArray[np.generic]
    sport: NDArray[np.int64]
    dport: NDArray[np.int64]
    protocol: NDArray[np.int64]
    flags: NDArray[np.int64]
    packets: NDArray[np.int64]
    bytes: NDArray[np.int64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]

    def __len__(self) -> int:
        """Return how many flows there are."""
        return len(self.sport)


@dataclass
class Template:
    """How records look: a numpy type, or None where fields have no fixed length."""

    kind: np.dtype[np.void] | None
    size: int


@dataclass
class Netflow:
    """Reads datagrams of many exporters. `counts`: what could not be read, by reason."""

    counts: Counter[str] = field(default_factory=Counter)
    _templates: dict[tuple[str, int, int], Template] = field(default_factory=dict)

    def read(self, datagram: bytes, exporter: str = "") -> Iterator[FlowColumns]:
        """Yield the flows of one datagram. Raises `NetflowError`."""
        if len(datagram) < 16:
            raise NetflowError("shorter than a header")
        version = datagram[0] << 8 | datagram[1]
        try:
            if version == 5:
                yield self._v5(datagram)
            elif version == 9:
                _, _, uptime, seconds, _, domain = struct.unpack_from(">HHIIII", datagram)
                yield from self._sets(datagram, 20, (exporter, domain), seconds - uptime / 1000.0)
            elif version == 10:
                _, length, seconds, _, domain = struct.unpack_from(">HHIII", datagram)
                yield from self._sets(datagram[:length], 16, (exporter, domain), float(seconds))
            else:
                raise NetflowError(f"version {version} is not read")
        except (struct.error, IndexError) as error:
            raise NetflowError("cut off inside a set") from error

    def _v5(self, datagram: bytes) -> FlowColumns:
        _, count, uptime, seconds, nanoseconds = struct.unpack_from(">HHIII", datagram)
        if len(datagram) < 24:
            raise NetflowError("shorter than a header")
        there = min(count, (len(datagram) - 24) // V5.itemsize)
        if there < count:
            self.counts["records cut off"] += count - there
        rows = np.frombuffer(datagram, V5, there, 24)
        boot = seconds + nanoseconds / 1e9 - uptime / 1000.0
        return _columns(rows, boot)

    def _sets(self, data: bytes, at: int, domain: tuple[str, int], boot: float) -> Iterator[FlowColumns]:
        templates = (0, 2)
        while at + 4 <= len(data):
            number, size = struct.unpack_from(">HH", data, at)
            if size < 4 or at + size > len(data):
                self.counts["lying length"] += 1
                return
            body = data[at + 4 : at + size]
            if number in templates:
                self._learn(body, domain, enterprise=number == 2)
            elif number > 255:
                found = self._records(body, self._templates.get((*domain, number)), boot)
                if found is not None:
                    yield found
            at += size

    def _learn(self, body: bytes, domain: tuple[str, int], *, enterprise: bool) -> None:
        at = 0
        while at + 4 <= len(body):
            number, count = struct.unpack_from(">HH", body, at)
            at += 4
            if number < 256 or count > MOST_FIELDS:
                self.counts["template of another kind"] += 1
                return
            names: list[tuple[str, str]] = []
            fixed = True
            for place in range(count):
                kind, size = struct.unpack_from(">HH", body, at)
                at += 4
                if enterprise and kind & 0x8000:
                    kind, at = 0, at + 4
                fixed = fixed and size != VARIABLE
                names.append(_numpy(kind, size, place, {name for name, _ in names}))
            kind_of = np.dtype(names) if fixed and names else None
            if kind_of is not None and not 0 < kind_of.itemsize <= LONGEST_RECORD:
                kind_of = None
            if len(self._templates) >= MOST_TEMPLATES:
                del self._templates[next(iter(self._templates))]
            self._templates[*domain, number] = Template(kind_of, kind_of.itemsize if kind_of else 0)

    def _records(self, body: bytes, template: Template | None, boot: float) -> FlowColumns | None:
        if template is None:
            self.counts["data before their template"] += 1
            return None
        if template.kind is None:
            self.counts["fields without a fixed length"] += 1
            return None
        names = template.kind.names or ()
        if not {"sport", "dport"} <= set(names) or not ({"source", "target"} <= set(names) or "source6" in names):
            self.counts["records without ends"] += 1
            return None
        rows = np.frombuffer(body, template.kind, len(body) // template.size)
        return _columns(rows, boot)


def _numpy(kind: int, size: int, place: int, taken: set[str]) -> tuple[str, str]:
    """Return name and type of one field; unknown ones, and doubled ones, are passed over."""
    name = FIELDS.get(kind, "")
    wanted = {"source": (4,), "target": (4,), "source6": (16,), "target6": (16,)}.get(name, (1, 2, 4, 8))
    if not name or name in taken or size not in wanted:
        return f"skip{place}", f"V{max(size, 1) if size != VARIABLE else 1}"
    return name, f"V{size}" if name.endswith("6") else f">u{size}"


def _columns(rows: NDArray[np.void], boot: float) -> FlowColumns:
    names = rows.dtype.names or ()
    count = len(rows)

    def whole(name: str) -> NDArray[np.int64]:
        return rows[name].astype(np.int64) if name in names else np.zeros(count, np.int64)

    def moment(edge: str) -> NDArray[np.float64]:
        if f"{edge}_ms" in names:
            return np.clip(rows[f"{edge}_ms"].astype(np.float64) / 1000.0, 0.0, 2.0**33)
        if f"{edge}_s" in names:
            return rows[f"{edge}_s"].astype(np.float64)
        if edge in names:
            return np.clip(boot + rows[edge].astype(np.float64) / 1000.0, 0.0, 2.0**33)
        return np.full(count, np.clip(boot, 0.0, 2.0**33))

    six = "source6" in names and "source" not in names
    return FlowColumns(
        rows["source6" if six else "source"],
        rows["target6" if six else "target"],
        whole("sport"),
        whole("dport"),
        whole("protocol"),
        whole("flags"),
        whole("packets"),
        whole("bytes"),
        moment("first"),
        moment("last"),
    )
