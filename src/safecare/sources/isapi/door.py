"""Follows the alert stream of Hikvision cameras and recorders (ISAPI), one connection for each, with digest sign-in.

Devices repeat a state each second; it is told when it changes, and once a minute. "No video lost" is their heartbeat: a
stream on which nothing comes for `quiet` seconds is opened anew. A heartbeat tells the device's time, by which what it
says is put right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from safecare.formats.camera_words import HEARTBEAT, CameraWordError, Word
from safecare.formats.isapi import read_isapi
from safecare.formats.isapi_stream import Alerts
from safecare.model.event import Event
from safecare.model.layout import laid_out
from safecare.sources.access.rows import zone_of_site
from safecare.sources.api import Intake, UnreadableError, source
from safecare.sources.calls import Ahead, Callers, Device, DeviceError, States, trusted
from safecare.sources.retry import FIRST

PATH = "/ISAPI/Event/notification/alertStream"
ANSWER = 15.0
"""Seconds until a device must have answered (chosen)."""
QUIET = 60.0
"""Seconds without a byte after which a stream counts as dead (chosen: heartbeats come every 0.3 to 30 s)."""


@source("isapi", needs=("httpx",))
@dataclass
class IsapiDoor:
    """Calls devices.

    `devices`: by name (the address ``isapi`` in the hospital's files, or with ``/channel`` behind it) a table of
    ``url``, ``user``, ``password`` and ``authority`` (PEM). `quiet`: seconds, see above. `first_wait`: seconds until a
    lost device is called again.
    """

    door: str
    devices: dict[str, Device]
    quiet: float = QUIET
    first_wait: float = FIRST
    _callers: Callers = field(init=False)

    def __post_init__(self) -> None:
        """Make the callers."""
        self._callers = Callers(self.door, "isapi", self.devices, self.first_wait)

    async def run(self, intake: Intake) -> None:
        """Follow all devices until cancelled."""

        async def call(name: str, device: Device) -> None:
            await self._call(name, device, intake)

        await self._callers.run(call, intake)

    def decode(self, raw: bytes, context: Mapping[str, str], intake: Intake) -> Iterable[Event]:
        """Read a rejected word or alert. Raises `UnreadableError`."""
        name, ref = context.get("device", ""), context.get("ref", "")
        return self._callers.events(self._word(raw, intake), name, ref, intake.clock.now(), intake)

    def _word(self, raw: bytes, intake: Intake) -> Word:
        try:
            if not raw.startswith(b"{") or b'"eventType"' in raw:
                return read_isapi(raw, zone_of_site(intake.hospital))
            return msgspec.json.decode(raw, type=laid_out(Word))  # a word of ours that was rejected
        except (CameraWordError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableError(str(error)) from error

    async def _call(self, name: str, device: Device, intake: Intake) -> None:
        import httpx  # only where a device is called: 60 ms

        auth = httpx.DigestAuth(device.user, device.password) if device.user else None
        try:
            async with (
                httpx.AsyncClient(verify=trusted(device), timeout=httpx.Timeout(ANSWER, read=self.quiet)) as client,
                client.stream("GET", device.url.rstrip("/") + PATH, auth=auth) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise DeviceError(f"answers {response.status_code}")
                await self._callers.there(name, intake)
                alerts, states, clock = Alerts(), States(), Ahead()
                async for raw in response.aiter_raw():
                    for alert in alerts.feed(raw):
                        await self._take(alert, states, clock, name, intake)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise DeviceError(f"{type(error).__name__}: {error}") from error

    async def _take(self, alert: bytes, states: States, clock: Ahead, name: str, intake: Intake) -> None:
        try:
            word = self._word(alert, intake)
        except UnreadableError as error:
            await self._callers.noise(name, alert, str(error), intake)
        else:
            if word.code == HEARTBEAT and word.at is not None:  # it is of this moment, what else comes may have waited
                self._callers.clocked(name, clock.told(word.at, intake.clock.now()), intake)
            await self._callers.take([word], states, name, hashlib.sha256(alert).hexdigest()[:24], intake)
