"""The file of a network baseline: JSON that a person reads, corrects and freezes. Pure and bounded.

A baseline counts live only when `reviewed_by` names who has read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from safecare.model.layout import laid_out
from safecare.model.network import Baseline, KnownCommand, KnownConversation, KnownIdentity

LIMIT = 64 << 20
"""Largest file, bytes (chosen: some 400,000 conversations)."""
MOST = 200_000
"""Most conversations, commands or identities that are learned (chosen: bounds memory)."""

_K = TypeVar("_K", KnownConversation, KnownCommand, KnownIdentity)


class BaselineError(ValueError):
    """A file that is no baseline: reason with the place in it."""


def read_baseline(raw: bytes) -> Baseline:
    """Read a baseline. Raises `BaselineError`."""
    if len(raw) > LIMIT:
        raise BaselineError(f"{len(raw)} bytes are over the limit of {LIMIT}")
    try:
        return msgspec.json.decode(raw, type=laid_out(Baseline))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BaselineError(str(error)) from error


def write_baseline(baseline: Baseline) -> bytes:
    """Return the file of `baseline`, one entry after the other, sorted, so that two can be compared line by line."""
    ordered = Baseline(
        tuple(sorted(baseline.conversations, key=lambda one: one.key)),
        tuple(sorted(baseline.commands, key=lambda one: one.key)),
        tuple(sorted(baseline.identities, key=lambda one: one.key)),
        baseline.learned_from,
        baseline.reviewed_by,
        baseline.version,
    )
    return msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n"


@dataclass
class Learner:
    """Collects what is seen while learning."""

    conversations: dict[str, KnownConversation] = field(default_factory=dict)
    commands: dict[str, KnownCommand] = field(default_factory=dict)
    identities: dict[str, KnownIdentity] = field(default_factory=dict)

    def add(self, one: KnownConversation | KnownCommand | KnownIdentity) -> None:
        """Remember one thing, within bounds."""
        kept: dict[str, KnownConversation] | dict[str, KnownCommand] | dict[str, KnownIdentity]
        match one:
            case KnownConversation():
                kept = self.conversations
            case KnownCommand():
                kept = self.commands
            case _:
                kept = self.identities
        if len(kept) < MOST:
            kept.setdefault(one.key, one)  # type: ignore[arg-type]

    def baseline(self, learned_from: str) -> Baseline:
        """Return what was learned, not yet reviewed."""
        return Baseline(
            tuple(self.conversations.values()),
            tuple(self.commands.values()),
            tuple(self.identities.values()),
            learned_from,
        )


def changes(frozen: Baseline, learned: Baseline) -> tuple[Baseline, Baseline]:
    """Return what `learned` has beyond `frozen`, and what of `frozen` was not seen: proposals for a person."""

    def minus(one: Baseline, other: Baseline) -> Baseline:
        return Baseline(
            _without(one.conversations, {known.key for known in other.conversations}),
            _without(one.commands, {known.key for known in other.commands}),
            _without(one.identities, {known.key for known in other.identities}),
            one.learned_from,
        )

    return minus(learned, frozen), minus(frozen, learned)


def _without(known: Iterable[_K], keys: set[str]) -> tuple[_K, ...]:
    return tuple(one for one in known if one.key not in keys)
