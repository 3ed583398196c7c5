"""Events in one line each, for tests of detectors on the tiny hospital."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from safecare.detect.stage import DetectStage
from safecare.model.event import Event
from safecare.model.ids import AssetId
from safecare.testing.clock import START
from safecare.testing.hospital import small_hospital
from safecare.testing.hospital_building import SITE

E = TypeVar("E", bound=Event)
R = TypeVar("R")
HOSPITAL = small_hospital()


def moment(second: float) -> datetime:
    """Return the time `second` seconds after the start."""
    return START + timedelta(seconds=second)


def made(kind: type[E], second: float, asset: str | None = None, *, late: float = 0.0, **more: Any) -> E:
    """Return an event of `kind` at `second`; `more` are its other fields.

    The platform heard of it `late` seconds afterwards; below 0 the device's clock is ahead.
    """
    found = HOSPITAL.asset(asset)
    zone = (found.zone or (found.between[1] if found.between else None)) if found else None
    at = moment(second)
    fields: dict[str, Any] = {"site": SITE, "zone": zone, "source": "test", **more}
    return kind(
        id=Event.id_for(at, "test", f"{kind.__name__}\x1f{asset}\x1f{sorted(map(str, more.items()))}"),
        at=at,
        seen=moment(second + late),
        asset=AssetId(asset) if asset else None,
        **fields,
    )


def restarted(rule: R, fresh: R) -> R:
    """Return `fresh` with the state of `rule`, written and read as after a crash."""
    after = DetectStage([fresh])
    after.restore(DetectStage([rule]).snapshot())
    return fresh
