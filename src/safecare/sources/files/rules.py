"""YARA rules of a site: read from files and admitted, or refused with the reason, before any worker has them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from safecare.examine.rules.match import SAMPLE, admit

ENDINGS = frozenset({".yar", ".yara"})
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of all rules. Chosen: twice the largest public set."""


class RulesError(ValueError):
    """Rules that can't be read, are none, or are not admitted; names the file."""


def load(paths: Iterable[Path]) -> tuple[str, ...]:
    """Return the texts of the rules at `paths`: files, or folders of ``.yar`` files. Raises `RulesError`."""
    found: list[str] = []
    sample: list[bytes] = []
    for path in paths:
        names = sorted(one for one in path.rglob("*") if one.suffix in ENDINGS) if path.is_dir() else [path]
        for name in names:
            try:
                text = name.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise RulesError(f"{name}: {error}") from error
            if sum(map(len, found)) + len(text) > MOST_BYTES:
                raise RulesError(f"{name}: rules are larger than {MOST_BYTES} bytes together")
            sample = sample or harmless()
            reason = admit(text, sample)
            if reason:
                raise RulesError(f"{name}: {reason}")
            found.append(text)
    return tuple(found)


def harmless() -> list[bytes]:
    """Return bytes on which no rule may match or be slow: text of our own catalogue, noise, zeros."""
    words = files("safecare.locale").joinpath("fr", "LC_MESSAGES", "safecare.po").read_bytes()
    noise = random.Random(1).randbytes(SAMPLE)
    return [words * (SAMPLE // len(words) + 1), noise, bytes(SAMPLE)]
