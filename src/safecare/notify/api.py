"""What a channel looks like: the way by which a notice reaches people, found by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol, TypeVar

from safecare.model.notice import Notice, Receipt
from safecare.model.plugins import Found, discover, marked

C = TypeVar("C", bound=type)


class Channel(Protocol):
    """A way to people. `send` is called again with the same notice after a crash: it must not matter."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]

    def send(self, notice: Notice) -> list[Receipt]:
        """Send `notice`; return receipts (``sent``, or ``failed`` with the reason). Never raises for a failed send."""
        ...


def channel(name: str, *, needs: tuple[str, ...] = ()) -> Callable[[C], C]:
    """Mark a class as the channel `name`."""
    return marked("channel_name", name, name=name, needs=needs)


def channels() -> Found[type]:
    """Return all channels, those of other packages included, and those that stepped aside."""
    import safecare.notify

    return discover(safecare.notify, "channel_name", "safecare.channels")
