"""Chat rooms and gateways by Apprise: Mattermost, Matrix, Teams, SMS and voice gateways, and some hundred others.

At least once; a repeat is a further message. It names no person.

Source: https://github.com/caronc/apprise/wiki
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from safecare.model.clock import Clock
from safecare.model.notice import Notice, Receipt
from safecare.model.severity import level_of
from safecare.model.text import Text, say
from safecare.notify.api import channel
from safecare.notify.receipts import failed, nobody, sent

KINDS = {"critical": "failure", "high": "warning", "medium": "warning", "low": "info"}
"""Apprise's kind of message by level: it gives the colour."""


@channel("chat", needs=("apprise",))
class Chat:
    """Sends a notice to the Apprise addresses of its role."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        urls: Mapping[str, Sequence[str]],
        render: Callable[[Text, Notice], str],
        clock: Clock,
        *,
        public_url: str = "",
    ) -> None:
        """Send to `urls` (Apprise addresses by role). Raises `ValueError` for one that Apprise does not know."""
        import apprise  # only here: it takes a tenth of a second, and not every site has it

        self._senders: dict[str, Any] = {}
        for role, addresses in urls.items():
            sender = self._senders[role] = apprise.Apprise()
            for number, address in enumerate(addresses):
                if not sender.add(address):
                    raise ValueError(f"address {number + 1} of {role} is unknown to Apprise")
        self._render = render
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    def send(self, notice: Notice) -> list[Receipt]:
        """Send `notice`: ``sent`` when all addresses took it. Never raises."""
        now = self._clock.now()
        sender = self._senders.get(notice.role)
        if sender is None:
            return [nobody(notice, now, say("No chat room is known for the role {role}", role=notice.role))]
        link = f"\n{self._public_url}/a/{notice.id}" if self._public_url else ""
        taken = sender.notify(
            title=self._render(notice.title, notice),
            body=self._render(notice.body, notice) + link,
            notify_type=KINDS[level_of(notice.severity)],
        )
        if not taken:
            return [failed(notice, now, say("A chat room did not take the message"))]
        return [sent(notice, now)]
