"""Push messages to the phones and browsers that people have registered (W3C Push API), by the maker's push service.

The message has the shape of Declarative Web Push, so that Safari shows it even where our worker does not run. It
names what and where, never a person: it passes machines of Google, Mozilla or Apple. At least once: a repeat
replaces the notification that is on the phone already.

Source: RFC 8030, RFC 8291, RFC 8292; https://webkit.org/blog/16535/meet-declarative-web-push/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import structlog

from safecare.model.clock import Clock
from safecare.model.hospital import Hospital
from safecare.model.notice import Notice, Receipt
from safecare.model.roles import reader_of
from safecare.model.scope import scope_of
from safecare.model.severity import level_of
from safecare.model.text import Text, say
from safecare.notify.api import channel
from safecare.notify.receipts import failed, nobody, sent
from safecare.notify.webpush import SERVICES, Pusher, PushError, encode64, key_from
from safecare.store.devices import Device, Devices

DECLARED = 8030
"""Mark of a declarative message (the number of the RFC)."""
TITLE = 120
BODY = 400
"""Most characters of title and text. Chosen: more is cut off by phones anyway, and the message must fit one record."""
LIFE = 3600
"""Seconds for which a push service keeps a notice for a phone that is off (chosen: what is older is on the page)."""

AT_ONCE = 16
"""Phones that are sent to at the same time (chosen: a service that hangs must not hold up the phones of others)."""
NOBODY = "https://localhost"
"""Whom a push service may ask where nobody is named (RFC 8292, 2.1 asks for an address, and checks none)."""

Speak = Callable[[Text, str, str], str]
"""Puts a sentence into a language, with the times of a site."""


def message(
    title: str, body: str, navigate: str, language: str, *, tag: str, quiet: bool, data: dict[str, str]
) -> bytes:
    """Return a declarative push message. `data` is what our own worker needs; `quiet` makes no sound."""
    notification = {
        "title": title[:TITLE],
        "body": body[:BODY],
        "navigate": navigate,
        "lang": language,
        "tag": tag,
        "silent": quiet,
        "data": data,
    }
    whole = {"web_push": DECLARED, "notification": notification, "mutable": True}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def topic_of(notice: str) -> str:
    """Return the topic by which a repeat replaces its notice at the push service (RFC 8030, 5.4)."""
    return encode64(hashlib.sha256(notice.encode()).digest()[:24])


@channel("webpush")
class WebPush:
    """Sends a notice to all registered devices of its role, or of its one user."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        devices: Devices,
        secret: bytes,
        speak: Speak,
        clock: Clock,
        hospital: Hospital,
        *,
        public_url: str = "",
        contact: str = "",
        services: Sequence[str] = SERVICES,
    ) -> None:
        """Send to `devices` of people whose places in `hospital` hold what it is about.

        The VAPID key is made from the site's `secret`.

        `contact` is an address that a push service may ask (``mailto:...``, default: `public_url`); `services` are
        the origins that we send to, in place of those of the browsers' makers.
        """
        self._devices = devices
        self.pusher = Pusher(key_from(secret), contact or public_url or NOBODY, tuple(services))
        self.speak = speak
        self._clock = clock
        self._hospital = hospital
        self._public_url = public_url.rstrip("/")

    def send(self, notice: Notice) -> list[Receipt]:
        """Send `notice`: ``sent`` when a push service took it for someone, ``failed`` with the reason if for nobody."""
        now = self._clock.now()
        devices = [
            one
            for one in self._devices.reachable(reader_of(notice.role), notice.site, notice.user)
            if self._meant(notice, one)
        ]
        if not devices:
            return [nobody(notice, now, say("Nobody with this role has registered a phone for push messages"))]
        with ThreadPoolExecutor(min(AT_ONCE, len(devices))) as pool:
            reasons = list(pool.map(lambda one: self._push(notice, one), devices))
        if None in reasons:
            return [sent(notice, now)]
        why = say("It reached none of {count} phones", count=len(devices))
        return [failed(notice, now, say("{what}. {why}", what=why, why=reasons[0] or say("Unknown")))]

    def _meant(self, notice: Notice, device: Device) -> bool:
        scope = scope_of(self._hospital, device.places)
        return scope is None or scope.holds(notice.site, [notice.zone] if notice.zone else [])

    def _push(self, notice: Notice, one: Device) -> Text | None:
        """Send to one device; return why not, None if it was sent."""
        page = f"{self._public_url}/guard?notice={notice.id}"
        raw = message(
            self.speak(notice.title, one.language, notice.site),
            self.speak(notice.body, one.language, notice.site),
            page,
            one.language,
            tag=notice.id,
            quiet=False,
            data={"notice": notice.id, "revision": str(notice.revision), "level": level_of(notice.severity)},
        )
        try:
            self.pusher.send(
                one.endpoint, one.key, one.auth, raw, self._clock.now(), life=LIFE, topic=topic_of(notice.id)
            )
        except PushError as error:
            structlog.get_logger(__name__).warning("push not sent", device=one.id, reason=str(error))
            if error.gone:
                self._devices.lost(one.id)
            return error.reason
        return None
