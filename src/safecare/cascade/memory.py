"""Alerts remembered by id, bounded and small enough to snapshot often: only what the cascade reads of them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from safecare.model.alert import Alert
from safecare.model.ids import AlertId
from safecare.model.layout import laid_out

MOST = 5000
"""Alerts kept. Chosen: about 2 MB in a snapshot; a hospital's open incidents hold some hundred alerts."""


class AlertMemory:
    """The alerts last used; the one not used for longest is forgotten first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[AlertId, bytes] = {}
        self._decoder = msgspec.msgpack.Decoder(laid_out(Alert))

    def keep(self, alert: Alert) -> None:
        """Remember `alert`."""
        slim = msgspec.structs.replace(alert, why=(), because=(), still=None, techniques=(), peers=())
        self._kept.pop(alert.id, None)
        self._kept[alert.id] = msgspec.msgpack.encode(slim)
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    def find(self, ids: Iterable[AlertId]) -> list[Alert]:
        """Return the remembered ones of `ids`, in that order, and count them as used."""
        found = []
        for id in ids:
            raw = self._kept.pop(id, None)
            if raw is not None:
                self._kept[id] = raw
                found.append(self._decoder.decode(raw))
        return found

    def snapshot(self) -> list[bytes]:
        """Return the state, least used first."""
        return list(self._kept.values())

    def restore(self, state: Iterable[bytes]) -> None:
        """Go back to what `snapshot` gave."""
        self._kept = {self._decoder.decode(raw).id: raw for raw in state}
