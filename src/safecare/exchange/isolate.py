"""Feed a stage so that one item that it can't take costs that item alone.

A stage that raises may have changed its state by half. So after a failure it is put back to the state
before, and the batch is split until the offending item stands alone and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from safecare.exchange.log import Batch
from safecare.exchange.stage import Stage
from safecare.model.topics import decode, encode, topic_of

Output = tuple[str, bytes]
"""Topic and JSON of one item that a stage gave."""


class Parcel(msgspec.Struct, frozen=True):
    """One item of a batch: its place, its bytes, and what they say."""

    index: int
    raw: bytes
    item: Any


class Failed(msgspec.Struct, frozen=True):
    """One item that could not be read or taken, and why."""

    index: int
    raw: bytes
    reason: str


class Outcome(msgspec.Struct, frozen=True):
    """What feeding gave, what failed, and the stage's state afterwards."""

    outputs: list[Output]
    failed: list[Failed]
    state: bytes


def unpack(batch: Batch) -> tuple[list[Parcel], list[Failed]]:
    """Decode the items of `batch`; those that can't be are told apart, with the reason."""
    sound: list[Parcel] = []
    failed: list[Failed] = []
    if batch.damage:
        failed.append(Failed(0, b"", f"batch can't be read back: {batch.damage}"))
    for index, raw in enumerate(batch.items):
        try:
            sound.append(Parcel(index, raw, decode(batch.topic, raw)))
        except KeyError:
            failed.append(Failed(index, raw, f"no such topic: {batch.topic}"))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            failed.append(Failed(index, raw, reason_of(error)))
    return sound, failed


def feed(stage: Stage, parcels: Sequence[Parcel]) -> list[Output]:
    """Feed `parcels` and return what follows, encoded. Raises whatever the stage raises."""
    return [(topic_of(item), encode(item)) for item in stage.feed([parcel.item for parcel in parcels])]


def isolate(stage: Stage, parcels: Sequence[Parcel], before: bytes) -> Outcome:
    """Feed `parcels` to `stage`, whose state is `before`, leaving out exactly those at which it raises."""
    try:
        outputs = feed(stage, parcels)
        state = stage.snapshot()  # what can't be saved can't be taken: it would stop the stage at every try
    except Exception as error:  # noqa: BLE001  any fault of a stage must stay with the item
        stage.restore(before)
        if len(parcels) == 1:
            return Outcome([], [Failed(parcels[0].index, parcels[0].raw, reason_of(error))], before)
        middle = len(parcels) // 2
        left = isolate(stage, parcels[:middle], before)
        right = isolate(stage, parcels[middle:], left.state)
        return Outcome(left.outputs + right.outputs, left.failed + right.failed, right.state)
    return Outcome(outputs, [], state)


def reason_of(error: Exception) -> str:
    """Return type and message of `error`, at most 500 characters."""
    return f"{type(error).__name__}: {error}"[:500]
