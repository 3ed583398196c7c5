"""Signs by the keys under which their partners look for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from safecare.correlate.rules.ground import Ground
from safecare.correlate.rules.sign import Sign


class Index:
    """Holds signs under their keys in `families`; of one sort under one key the latest `crowd`."""

    def __init__(self, ground: Ground, families: Sequence[str], crowd: int) -> None:
        """Begin empty."""
        self._ground, self._families, self._crowd = ground, families, crowd
        self._by_key: dict[str, Sign | dict[int, list[Sign]]] = {}  # most keys hold one sign: a dict each is 1 kB

    def add(self, sign: Sign) -> int:
        """File `sign`; return how many others had to give way."""
        by_key, fits, limit, gone = self._by_key, sign.fits, self._crowd, 0
        for key in self._ground.keys(sign, self._families):
            known = by_key.get(key)
            if known is None:
                by_key[key] = sign
                continue
            if isinstance(known, Sign):
                known = by_key[key] = {known.fits: [known]}
            crowd = known.setdefault(fits, [])
            crowd.append(sign)
            if len(crowd) > limit:
                del crowd[0]
                gone += 1
        return gone

    def remove(self, sign: Sign) -> None:
        """Take `sign`, which came first of those that are there, out again."""
        for key in self._ground.keys(sign, self._families):
            known = self._by_key.get(key)
            if known is sign:
                del self._by_key[key]
            elif isinstance(known, dict):
                crowd = known.get(sign.fits, [])
                if crowd and crowd[0] is sign:
                    del crowd[0]
                    if not crowd:
                        del known[sign.fits]
                        if not known:
                            del self._by_key[key]

    def under(self, key: str) -> dict[int, list[Sign]]:
        """Return the signs under `key`, by what they fit."""
        known = self._by_key.get(key)
        return {known.fits: [known]} if isinstance(known, Sign) else known or {}

    def fitting(self, keys: Iterable[str]) -> int:
        """Return what any of the signs under `keys` fits, one bit each."""
        present, by_key = 0, self._by_key
        for key in keys:
            known = by_key.get(key)
            if isinstance(known, Sign):
                present |= known.fits
            elif known is not None:
                for fits in known:
                    present |= fits
        return present
