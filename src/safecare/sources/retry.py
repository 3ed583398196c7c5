"""What doors that call somewhere share: try again with growing pauses, and tell how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from safecare.sources.api import Intake

FIRST, LONGEST = 1.0, 60.0
"""Seconds until a line that broke is tried again at first, and at most (chosen)."""
STEADY = 120.0
"""Seconds after which a line counts as good, and the pauses begin anew (chosen)."""


async def keep_calling(
    call: Callable[[], Awaitable[None]],
    failures: tuple[type[Exception], ...],
    intake: Intake,
    part: str,
    *,
    first: float = FIRST,
) -> None:
    """Run `call` until cancelled; when it ends, or fails by one of `failures`, tell so for `part` and try again.

    `first`: seconds until the first new try.
    """
    loop, wait = asyncio.get_running_loop(), first
    while True:
        begun, reason = loop.time(), "the other side ended the connection"
        try:
            await call()
        except failures as error:
            reason = str(error) or type(error).__name__
        intake.report(part, "failed", reason[:300])
        if loop.time() - begun > STEADY:
            wait = first
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST)
