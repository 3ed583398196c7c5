from __future__ import annotations

from datetime import timedelta

from console_items import alert
from console_rig import Rig

from safecare.console.load import load
from safecare.testing.clock import START

pytest_plugins = ["console_fixtures"]


def test_peak_mean_and_shares_for_each_person() -> None:
    flood = [alert(START + timedelta(minutes=number), severity=95) for number in range(12)]
    quiet = [alert(START + timedelta(hours=number), severity=30) for number in range(2, 6)]
    now = START + timedelta(hours=6)
    seen = load([*quiet, *flood], 2, now)
    assert (seen.alarms, seen.peak, seen.peak_at) == (16, 11 / 2, START + timedelta(minutes=10))
    assert (seen.now, round(seen.mean, 4)) == (0, round(16 / 144 / 2, 4))
    assert seen.shares == {"critical": 0.75, "low": 0.25}
    assert load([], 0, now).mean == 0
    assert load(flood, 0, START + timedelta(minutes=11)).now == 11


async def test_oversight_sees_it(rig: Rig) -> None:
    rig.add(alert(rig.clock.now()))
    async with rig.browser("auditor") as browser:
        seen = (await browser.get("/api/alarm-load")).json()
    assert (seen["operators"], seen["now"], seen["limit"]) == (0, 1.0, 10)
