"""What the service manager is told: that the platform works, that it lives, that it stops.

Source: sd_notify(3). Without a manager that listens nothing is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE = 1.0
"""Seconds to wait while the manager's queue is full (chosen: it reads at once, or it hangs)."""


@dataclass(frozen=True)
class ServiceManager:
    """Speaks to the manager at the socket `address` (empty: there is none), every `interval` seconds (0: never)."""

    address: str = ""
    interval: float = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> ServiceManager:
        """Return the manager that `environment` names, and half the time after which it gives us up."""
        limit = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        seconds = int(limit) / 1e6 if ours and limit.isdigit() else 0.0
        return cls(environment.get("NOTIFY_SOCKET", ""), seconds / 2)

    def tell(self, state: str) -> None:
        """Send `state`; a manager that is away changes nothing for us."""
        if not self.address:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.settimeout(PATIENCE)
            out.sendto(state.encode(), address)

    async def beat(self) -> None:
        """Tell until cancelled that the loop turns: if it hangs, the manager starts us again."""
        while self.address and self.interval > 0:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self.interval)
