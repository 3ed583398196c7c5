"""Learns the weights of `safecare.examine.mail.learned` from made mails: ``python -m safecare.testing.mails.learn``.

From nothing but what was written for this project: the templates beside this module (not the half that was put aside),
and ``written.tsv``, the words of mails that other hands wrote to measure the rules (a line a mail: set, ``P`` or ``H``,
circumstances, levelled words), and of pages of this project's own guides, which are neither. Each mail counts once more
without what vouches for its sender: that a receiving server says nothing tells nothing. A trait counts only where two
sets have it, so that what one hand likes to write, and the names that one set is made of, stay out.

Logistic regression with a penalty on the squares of the weights, solved by Newton's method in the space of mails
(fewer than traits). ``--left-out`` writes nothing and tells, for each set, what weights learned from the others find.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from safecare.examine.mail import learned
from safecare.examine.mail.analyser import facts_of
from safecare.formats.mail import read_mail
from safecare.testing.mails import OWN, made_mails

KINDS = ("phishing", "honest", "later-phishing", "later-honest", "taught-phishing", "fresh-phishing", "fresh-honest")
PENALTY = 1.0
"""Weight of the penalty. Chosen among 0.3 and 1 by sets that were left out: they differ little."""
UNTOLD = 0.5
"""Weight of a mail without what vouches for it. Chosen."""
GUIDE = 1 / 3
"""Weight of a page of guides: it is no mail. Chosen."""
COMMON = 8
"""A trait that one mail in so many has is added as a whole. Chosen: faster than by places."""
STEPS = 12
"""Steps of Newton's method at most."""
CLOSE = 1e-7
"""Change of a mail's weight from which on a step is the last. Chosen: far below what is written down."""
_VOUCHING = frozenset(("is vouched", "is doubtful"))


class Lesson(msgspec.Struct, frozen=True):
    """One mail to learn from: its set, whether it is phishing, its words and circumstances, and what it counts."""

    group: str
    phishing: bool
    words: tuple[str, ...]
    around: frozenset[str]
    counts: float = 1.0


def lessons() -> list[Lesson]:
    """Return all mails to learn from, in order."""
    return [*_made(), *_written()]


def _made() -> Iterator[Lesson]:
    for kind in KINDS:
        for one in made_mails(kind, range(1)):
            if one.half == "held":
                continue
            mail = read_mail(one.raw, (OWN,))
            facts = facts_of(mail, (OWN,)) | mail.facts
            words = learned.words_of(mail.levelled)
            if learned.heard(mail, facts) and len(words) >= learned.FEWEST:
                around = frozenset(learned.circumstances(mail, facts))
                yield Lesson(kind.partition("-")[0] if "-" in kind else "made", one.phishing, tuple(words), around)


def _written() -> Iterator[Lesson]:
    for line in files(__package__).joinpath("written.tsv").read_text("utf-8").splitlines():
        group, label, around, words = line.split("\t")
        counts = GUIDE if group == "guides" else 1.0
        yield Lesson(
            group, label == "P", tuple(words.split()), frozenset(f"is {one}" for one in around.split(",")), counts
        )


def learn(taken: Sequence[Lesson]) -> dict[str, float]:
    """Return the weight of each trait that `taken` teach; the empty trait stands for every mail."""
    several: list[Lesson] = []
    for one in taken:
        told = not one.around.isdisjoint(_VOUCHING)
        more = UNTOLD if _mail(one) else 0.0
        several.append(one if told else msgspec.structs.replace(one, counts=one.counts + more))
        if told and more:
            several.append(msgspec.structs.replace(one, around=one.around - _VOUCHING, counts=more))
    traits = [{trait for trait, _ in learned.traits(list(one.words))} for one in several]
    groups: dict[str, set[str]] = defaultdict(set)
    for one, found in zip(several, traits, strict=True):
        for trait in found:
            groups[trait].add(one.group)
    around = sorted({trait for one in several for trait in one.around})
    known = [*sorted(trait for trait, seen in groups.items() if len(seen) > 1), *around]
    columns: dict[str, list[tuple[int, float]]] = {trait: [] for trait in known}
    for row, (one, found) in enumerate(zip(several, traits, strict=True)):
        kinds: dict[str, list[str]] = defaultdict(list)
        for trait in found & columns.keys():
            kinds[trait[:4]].append(trait)
        for same in kinds.values():
            for trait in same:
                columns[trait].append((row, learned.SCALE / np.sqrt(len(same))))
        for trait in one.around:
            columns[trait].append((row, 1.0))
    bad = np.array([one.phishing for one in several])
    share = np.array([one.counts for one in several])
    for side in (bad, ~bad):
        share[side] *= len(several) / 2 / share[side].sum()
    held = {
        trait: _Column(np.array([row for row, _ in told]), np.array([value for _, value in told]))
        for trait, told in columns.items()
        if told
    }
    mails = _solved(list(held.values()), bad.astype(float), share)
    weights = {trait: float(one.values @ mails[one.rows]) for trait, one in held.items()}
    return {"": float(mails.sum())} | {trait: weights.get(trait, 0.0) for trait in known}


def _mail(one: Lesson) -> bool:
    return one.group != "guides"


class _Column(NamedTuple):
    """In which mails a trait is, and what it counts in each."""

    rows: np.ndarray
    values: np.ndarray


def _solved(columns: Sequence[_Column], bad: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the weight of each mail; a trait's is their sum over `columns`. They tell `bad` (0 or 1) best.

    Each mail counts its `share`. One column of ones is added, for what every mail has.
    """
    size = len(bad)
    alike = np.ones((size, size))
    for rows, values in columns:
        if len(rows) > size // COMMON:
            whole = np.zeros(size)
            whole[rows] = values
            alike += np.outer(whole, whole)
        else:
            alike[np.ix_(rows, rows)] += np.outer(values, values)
    mails = np.zeros(size)
    for _ in range(STEPS):
        log_odds = alike @ mails
        chance = 1 / (1 + np.exp(-log_odds))
        curve = share * np.maximum(chance * (1 - chance), 1e-6)
        last = mails
        mails = np.linalg.solve(alike + np.diag(PENALTY / curve), log_odds + share * (bad - chance) / curve)
        if np.abs(mails - last).max() < CLOSE:
            break
    return np.asarray(mails)


def written(weights: dict[str, float], taken: Sequence[Lesson]) -> str:
    """Return the file of `weights`."""
    bad = sum(one.phishing for one in taken)
    rest = sum(_mail(one) for one in taken) - bad
    lines = (f"{trait} {weight:.3f}" for trait, weight in sorted(weights.items()) if not trait or abs(weight) >= 5e-4)
    head = f"# Learned from {bad} phishing and {rest} honest mails by python -m safecare.testing.mails.learn"
    return "\n".join((head, *lines, ""))


def left_out(taken: Sequence[Lesson]) -> Iterator[tuple[str, list[float], list[float]]]:
    """Yield, for each set, the strengths that weights of all other sets give to its phishing and honest mails."""
    for group in sorted({one.group for one in taken if _mail(one)}):
        weights = learn([one for one in taken if one.group != group])
        sides: tuple[list[float], list[float]] = ([], [])
        for one in taken:
            if one.group == group:
                log_odds, _ = learned.told(weights, list(one.words), one.around)
                sides[not one.phishing].append(learned.strength(log_odds))
        yield group, *sides


def main(arguments: Sequence[str]) -> None:
    """Write the weights, or tell what they find of sets that were left out."""
    taken = lessons()
    if "--left-out" in arguments:
        for group, bad, good in left_out(taken):
            told = (f"{sum(one >= 0.5 for one in side)} of {len(side)}" for side in (bad, good))
            print(f"{group}: {' phishing found by words alone, '.join(told)} honest taken for it")
        return
    Path(learned.__file__).with_name("learned.txt").write_text(written(learn(taken), taken), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
