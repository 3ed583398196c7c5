"""ntfy, on a server inside the hospital: Android phones get their notices by it with the Internet cut.

One topic for each role; whoever may read the topic gets the message, so it names no person. A repeat carries the
same sequence id, by which newer apps replace the message that is there.

Source: https://docs.ntfy.sh/publish/#publish-as-json
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from safecare.model.clock import Clock
from safecare.model.notice import Notice, Receipt
from safecare.model.severity import level_of, rank_of
from safecare.model.text import Text, say
from safecare.notify.api import channel
from safecare.notify.receipts import failed, nobody, sent

LEAST = 2
"""Priority of a low notice; 5, the highest, is a critical one (ntfy: 1 to 5)."""


@channel("ntfy")
class Ntfy:
    """Publishes a notice to the topic of its role."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        server: str,
        topics: Mapping[str, str],
        render: Callable[[Text, Notice], str],
        clock: Clock,
        *,
        token: str = "",
        public_url: str = "",
        timeout: float = 10.0,
    ) -> None:
        """Publish on `server` (``https://ntfy.hospital.example``) to `topics` (by role).

        `token` signs in; `timeout` in seconds. Raises `ValueError` for an address that is none.
        """
        self._address = urlsplit(server.rstrip("/"))
        if self._address.scheme not in {"http", "https"} or not self._address.hostname:
            raise ValueError(f"server is no address: {server}")
        self._topics = topics
        self._render = render
        self._clock = clock
        self._token = token
        self._public_url = public_url.rstrip("/")
        self._timeout = timeout

    def send(self, notice: Notice) -> list[Receipt]:
        """Publish `notice`: ``sent`` when the server took it. Never raises."""
        now = self._clock.now()
        topic = self._topics.get(notice.role)
        if not topic:
            return [nobody(notice, now, say("No ntfy topic is known for the role {role}", role=notice.role))]
        try:
            status = self._post(self._body(notice, topic))
        except (OSError, http.client.HTTPException, ValueError):
            return [failed(notice, now, say("The ntfy server can't be reached"))]
        if not 200 <= status < 300:
            return [failed(notice, now, say("The ntfy server refused the message (code {code})", code=status))]
        return [sent(notice, now)]

    def _body(self, notice: Notice, topic: str) -> bytes:
        page = f"{self._public_url}/a/{notice.id}"
        whole = {
            "topic": topic,
            "title": self._render(notice.title, notice),
            "message": self._render(notice.body, notice),
            "priority": LEAST + rank_of(level_of(notice.severity)),
            "sequence_id": notice.id,
            **({"click": page} if self._public_url else {}),
        }
        return json.dumps(whole, ensure_ascii=False).encode()

    def _post(self, body: bytes) -> int:
        address = self._address
        connection: http.client.HTTPConnection
        if address.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                address.hostname or "", address.port, timeout=self._timeout, context=context
            )
        else:
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=self._timeout)
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request("POST", address.path or "/", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()
