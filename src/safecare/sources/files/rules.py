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
    named = list(paths)
    texts, problems = admitted(named)
    problems += tuple(f"{one}: no rules in it (.yar, .yara)" for one in named if not rule_files([one]))
    if problems:
        raise RulesError(problems[0])
    return texts


def admitted(paths: Iterable[Path]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts of the rules at `paths` that are admitted, and for each other file its name and the reason."""
    texts: list[str] = []
    problems: list[str] = []
    sample: list[bytes] = []
    for path in rule_files(paths):
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path}: {getattr(error, 'strerror', None) or error}")
            continue
        if sum(map(len, texts)) + len(text) > MOST_BYTES:
            problems.append(f"{path}: rules are larger than {MOST_BYTES} bytes together")
            continue
        sample = sample or harmless()
        reason = admit(text, sample)
        if reason:
            problems.append(f"{path}: {reason}")
        else:
            texts.append(text)
    return tuple(texts), tuple(problems)


def rule_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files at `paths`, and those of rules in the folders at `paths`, in the order of names."""
    found: list[Path] = []
    for path in paths:
        inside = (one for one in path.rglob("*") if one.suffix in ENDINGS) if path.is_dir() else (path,)
        found += sorted(inside)
    return found


def harmless() -> list[bytes]:
    """Return bytes on which no rule may match or be slow: text of our own catalogue, noise, zeros."""
    words = files("safecare.locale").joinpath("fr", "LC_MESSAGES", "safecare.po").read_bytes()
    noise = random.Random(1).randbytes(SAMPLE)
    return [words * (SAMPLE // len(words) + 1), noise, bytes(SAMPLE)]
