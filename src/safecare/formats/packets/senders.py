"""Under which MAC address inner stations send: told once for each, on columns.

A router's MAC address stands in the frames of everybody behind it; one that has many addresses is left aside.
Source: IEEE 802.3, 3.2 (source address); RFC 1918, RFC 3927 and RFC 4193 (inner addresses).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np
from numpy.typing import NDArray

from safecare.formats.packets.file import Frames
from safecare.formats.packets.headers import ETHERNET, Addresses, Headers

MANY = 4
"""Addresses from which a MAC address counts as a router's (chosen: clusters have two or three)."""
MOST = 50_000
"""Most MAC addresses remembered (chosen: above a hospital's stations)."""


@dataclass
class Senders:
    """Remembers, by number of address, the MAC address last seen."""

    _macs: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1024, np.int64))
    _held: dict[int, int] = field(default_factory=dict)
    """How many addresses each MAC address has."""

    def feed(self, frames: Frames, columns: Headers, addresses: Addresses) -> Iterator[tuple[int, str]]:
        """Yield row of `columns` and MAC address where a station is new, or sends under another one."""
        if not len(columns.row):
            return
        numbers, rows = np.unique(columns.source, return_index=True)
        if len(addresses.names) > len(self._macs):
            self._macs = np.concatenate([self._macs, np.zeros(2 * len(addresses.names), np.int64)])
        starts = frames.starts[columns.row[rows]]
        macs = np.zeros(len(rows), np.int64)
        for place in range(6):
            macs = macs << 8 | frames.raw[starts + 6 + place]
        ethernet = frames.links[columns.row[rows]] == ETHERNET
        changed = np.flatnonzero(ethernet & (macs != self._macs[numbers]) & (macs != 0))
        for row, number, mac in zip(
            rows[changed].tolist(), numbers[changed].tolist(), macs[changed].tolist(), strict=True
        ):
            self._macs[number] = mac
            held = self._held.get(mac, 0)
            if held > MANY or (held == 0 and len(self._held) >= MOST):
                continue
            self._held[mac] = held + 1
            address = ip_address(addresses.names[number])
            if address.is_private and not address.is_unspecified:
                yield row, mac.to_bytes(6, "big").hex(":")
