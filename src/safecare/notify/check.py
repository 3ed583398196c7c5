"""The daily check of phones that fell silent: each registered device is sent a push, and must send back a proof.

A phone that does not answer is shown to its owner and to the administrator: that its push was *sent* says nothing.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from safecare.model.clock import Clock
from safecare.model.text import When, say
from safecare.notify.channels.webpush import Speak, message
from safecare.notify.webpush import Pusher, PushError
from safecare.store.devices import Device, Devices

AT = time(7, 0)
"""When the check is sent, in the hospital's own time (chosen: at the change of shifts)."""
LIFE = 1800
"""Seconds for which a push service keeps a check (chosen: what comes later has not reached its phone in time)."""
ANSWER_WITHIN = timedelta(hours=1)
"""Time after which a check counts as not answered (chosen: twice `LIFE`, for the way back)."""
EVERY = 60.0
"""Seconds between two looks at the clock (chosen: the check has no minute to lose)."""


def silent(one: Device, now: datetime) -> bool:
    """Tell whether a device has not answered its last check in time, or is unknown to its push service."""
    if one.gone is not None:
        return True
    waited = one.asked is not None and now - one.asked > ANSWER_WITHIN
    return waited and (one.heard is None or (one.asked is not None and one.heard < one.asked))


def ask(devices: Devices, pusher: Pusher, speak: Speak, clock: Clock, one: Device) -> bool:
    """Send a check to one device; return whether its push service took it."""
    proof = devices.ask(one.id)
    now = clock.now()
    raw = message(
        speak(say("Test: this phone gets notices"), one.language, ""),
        speak(say("Sent at {at}. Nothing to do.", at=When(now)), one.language, ""),
        "/guard",
        one.language,
        tag="check",
        quiet=True,
        data={"proof": proof},
    )
    try:
        pusher.send(one.endpoint, one.key, one.auth, raw, now, life=LIFE, urgent=False, topic="check")
    except PushError as error:
        structlog.get_logger(__name__).warning("check not sent", device=one.id, reason=str(error))
        if error.gone:
            devices.lost(one.id)
        return False
    return True


@dataclass
class PhoneCheck:
    """Asks every device once a day at `AT` in `timezone`."""

    devices: Devices
    pusher: Pusher
    speak: Speak
    clock: Clock
    timezone: str = "UTC"
    _done: date | None = field(default=None, init=False)

    def step(self) -> int:
        """Send the checks of today that are due; return how many were sent."""
        here = self.clock.now().astimezone(ZoneInfo(self.timezone))
        if here.time() < AT or self._done == here.date():
            return 0
        begin = datetime.combine(here.date(), AT, here.tzinfo)
        due = [one for one in self.devices.of() if one.gone is None and (one.asked is None or one.asked < begin)]
        sent = sum(ask(self.devices, self.pusher, self.speak, self.clock, one) for one in due)
        self._done = here.date()
        return sent

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set."""
        while not stop.is_set():
            self.step()
            stop.wait(EVERY)
