"""How many alarms come to one person: the figure by which a control room is judged.

Source: Bransby and Jenkinson, HSE CRR 166/1998; EEMUA 191. Shares of severity: few should be grave, else none is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.board import FLOOD_LIMIT, FLOOD_WINDOW
from safecare.console.deps import ConsoleDeps
from safecare.console.feed import Feed
from safecare.console.rights import Visitor, may_see
from safecare.console.web import answer, visitor_of
from safecare.console.wire.platform import AlarmLoad
from safecare.model.alert import Alert
from safecare.model.roles import OPERATOR
from safecare.model.severity import level_of

DAY = timedelta(days=1)
MOST = 20_000
"""Most alerts that are looked at (chosen: two hundred times what one person can take in a day)."""


def load(alerts: Sequence[Alert], operators: int, now: datetime) -> AlarmLoad:
    """Return the load that `alerts` of the last `DAY` were for `operators` people at the security desk (at least 1)."""
    times = sorted(one.last for one in alerts)
    peak, peak_at, first = 0, None, 0
    for number, at in enumerate(times):
        while at - times[first] > FLOOD_WINDOW:
            first += 1
        if number - first + 1 > peak:
            peak, peak_at = number - first + 1, at
    people = max(operators, 1)
    levels = Counter(level_of(one.severity) for one in alerts)
    return AlarmLoad(
        operators=operators,
        now=sum(now - at <= FLOOD_WINDOW for at in times) / people,
        peak=peak / people,
        peak_at=peak_at,
        mean=len(times) / (DAY / FLOOD_WINDOW) / people,
        limit=FLOOD_LIMIT,
        shares={level: count / len(times) for level, count in levels.items()},
        alarms=len(times),
    )


def routes(app: FastAPI, deps: ConsoleDeps, feed: Feed) -> None:
    """Add the route."""

    def seen(visitor: Visitor) -> AlarmLoad:
        now = deps.clock.now()
        alerts = [one for one in deps.reader.alerts(since=now - DAY, limit=MOST) if may_see(visitor, one)]
        desk = {one.user for one in feed.present() if one.role == OPERATOR}
        return load(alerts, len(desk), now)

    @app.get("/api/alarm-load", name="alarm_load")
    async def alarm_load(request: Request) -> Response:
        return answer(await asyncio.to_thread(seen, visitor_of(request)))
