"""The guard's page: it reads notices from the central database and the live stream, nothing has to be sent."""

from __future__ import annotations

from typing import ClassVar

from safecare.model.clock import Clock
from safecare.model.notice import Notice, Receipt
from safecare.notify.api import channel
from safecare.notify.receipts import sent


@channel("page")
class Page:
    """Says that a notice is there to be fetched. ``delivered`` comes from the page itself, as an act."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def __init__(self, clock: Clock) -> None:
        """Take the clock for the receipts."""
        self._clock = clock

    def send(self, notice: Notice) -> list[Receipt]:
        """Return the receipt ``sent``: the notice is durable, and the page shows it."""
        return [sent(notice, self._clock.now())]
