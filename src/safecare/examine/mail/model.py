"""A model of a site's own mail: which words stand in what it takes for harmless, and in what it takes for phishing.

Naive Bayes over hashed words and pairs of words of subject and text (Graham 2002, Robinson 2003: only the most telling
ones count); no names of senders, no header: those are the engine's part, and headers tell the year and the mailbox
rather than the intent. The threshold is set on mails that were held back from training.
"""

from __future__ import annotations

import base64
import itertools
import math
import re
import zlib
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from safecare.formats.mail import Mail
from safecare.model.layout import laid_out

BUCKETS = 1 << 16
"""Places for words and pairs. Chosen: 20,000 mails fill half of them."""
MOST_WORDS = 400
"""Words of one mail that count. Chosen: a lure comes to the point at once."""
TELLING = 60
"""Most telling words of a mail that count. Chosen: Graham took 15 of unigrams; pairs are three times as many."""
SMOOTH = 0.5
"""Times that each word is taken to have been seen on both sides (Jeffreys prior)."""
LEAST = 20
"""Mails of each kind that training needs. Chosen: fewer say nothing."""
_WORD = re.compile(r"[a-z0-9$€']{2,30}")


class ModelError(ValueError):
    """A model that can't be read, or mails that can't be trained on."""


class MailModel(msgspec.Struct, frozen=True):
    """What was learned: log-odds by bucket (32-bit floats, packed, base64), the threshold, and how it was measured."""

    kind: str
    odds: str
    threshold: float
    trained: tuple[int, int]
    """Mails trained on: harmless, phishing."""
    measured: tuple[float, float]
    """On mails held back: share of phishing found, share of harmless mails taken for it."""


def buckets(mail: Mail) -> np.ndarray:
    """Return the buckets of the words and pairs of words of `mail`, each once: 64-bit integers, one dimension."""
    words = _WORD.findall(mail.levelled)[:MOST_WORDS]
    joined = [*words, *(f"{one} {other}" for one, other in itertools.pairwise(words))]
    return np.array(sorted({zlib.crc32(one.encode()) % BUCKETS for one in joined}), dtype=np.int64)


def train(good: Sequence[np.ndarray], bad: Sequence[np.ndarray], alarms: float = 0.005) -> MailModel:
    """Learn from the `buckets` of harmless mails (`good`) and of phishing (`bad`).

    Every fourth is held back to set the threshold at a share of false `alarms` (0-1). Raises `ModelError` when there
    are too few.
    """
    if min(len(good), len(bad)) < LEAST:
        raise ModelError(f"{len(good)} harmless and {len(bad)} phishing mails; {LEAST} of each are needed")
    odds = _odds([one for n, one in enumerate(good) if n % 4], [one for n, one in enumerate(bad) if n % 4])
    held_good = np.sort([_told(odds, one) for one in good[::4]])
    held_bad = np.array([_told(odds, one) for one in bad[::4]])
    threshold = float(held_good[min(len(held_good) - 1, math.ceil(len(held_good) * (1 - alarms)) - 1)]) + 1e-6
    found, wrong = float(np.mean(held_bad > threshold)), float(np.mean(held_good > threshold))
    whole = _odds(good, bad).astype("<f4")
    packed = base64.b64encode(zlib.compress(whole.tobytes(), 6)).decode()
    return MailModel("safecare-mail-1", packed, max(0.0, threshold), (len(good), len(bad)), (found, wrong))


def _odds(good: Iterable[np.ndarray], bad: Iterable[np.ndarray]) -> np.ndarray:
    counts = np.zeros((2, BUCKETS))
    sizes = [0, 0]
    for side, mails in enumerate((good, bad)):
        for one in mails:
            counts[side][one] += 1
            sizes[side] += 1
    share = (counts + SMOOTH) / (np.array(sizes)[:, None] + 2 * SMOOTH)
    told = np.log(share[1] / share[0])
    told[counts.sum(axis=0) < 2] = 0  # seen once: says nothing
    return np.asarray(told)


def _told(odds: np.ndarray, found: np.ndarray) -> float:
    told = odds[found]
    strongest = told[np.argsort(-np.abs(told))[:TELLING]]
    return float(strongest.sum())


class Reader:
    """A model, ready to judge. Raises `ModelError`."""

    def __init__(self, raw: bytes) -> None:
        try:
            self.model = msgspec.json.decode(raw, type=laid_out(MailModel))
            odds = zlib.decompressobj().decompress(base64.b64decode(self.model.odds), 4 * BUCKETS)
            self._odds = np.frombuffer(odds, "<f4")
        except (msgspec.MsgspecError, ValueError, zlib.error) as error:
            raise ModelError(f"no model of Safecare: {error}") from error
        if self.model.kind != "safecare-mail-1" or len(self._odds) != BUCKETS:
            raise ModelError(f"no model of Safecare of this version: {self.model.kind[:40]!r}")

    def weight(self, mail: Mail) -> float:
        """Return what the model says of `mail`: 0 below its threshold, then 0.5 to 0.75."""
        over = _told(self._odds, buckets(mail)) - self.model.threshold
        return 0.0 if over <= 0 else 0.5 + 0.25 * (1 - math.exp(-over / 10))
