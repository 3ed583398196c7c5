"""What weights that were learned say of a mail's words, where the rules alone leave it in doubt.

The rules name what their makers thought of; mails of other hands say the same in other words. The weights
(``learned.txt``, one trait a line) were learned from made mails that were written for this project, phishing and honest
ones, and from nothing else: `safecare.testing.mails.learn` makes them again. They are consulted only where the rules
find too little, and only of mail from outside that begins a conversation: lists, answers, reports of servers and the
house's own mail are unlike what was learned from. A mail with no word that was learned weighs nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.resources import files

from safecare.examine.api import Finding
from safecare.formats.mail import Mail
from safecare.model.text import say

MOST = 0.55
"""Strength that the weights can reach alone. Chosen: above `safecare.examine.verdict.SUSPICIOUS`, and below what
alerts; most of what is found needs some other evidence, too."""
MIDDLE = 2.25
"""Log-odds at which half of `MOST` is reached. Set where sets of mails that were left out of the learning showed no
more honest mails flagged than before (decision 0049)."""
LEAST = 0.1
"""Strength (0-1) below which nothing is said. Chosen: weaker evidence decides nothing."""
WORDS = 300
"""Words of one mail that count. Chosen: a lure comes to the point at once."""
FEWEST = 8
"""Words below which nothing is said. Chosen: a greeting and a name."""
START = 5
"""Letters of a word that tell its stem, in the languages of the mails. Chosen."""
SHOWN = 3
"""Traits that a finding names. Chosen: what a person reads."""
NAMED = 4
"""Letters of a word, at least, that a finding names. Chosen: shorter ones weigh, too, but tell a person nothing."""
SCALE = 4.0
"""Length of the vector of a mail's words of one kind, whatever their number: long mails say no more than short ones.
Chosen: words and circumstances of a mail weigh alike in learning."""

_WORD = re.compile(r"[a-z0-9$€']{2,30}")
_ADDRESS = re.compile(r"https?://\S+")
_ANSWER = re.compile(r"(?i)(?:re|aw|sv|rv|antw) ?:")
_UNLIKE = frozenset(
    ("mail.list", "mail.list.vouched", "mail.list.writes", "mail.thread", "mail.news", "mail.from.inside")
)
"""Facts of mail that is unlike what was learned from: of lists, answers, and within one domain."""
_HARMLESS = "mail.link.home"
"""Fact of mail whose links all lead to the known organisation that sends it: an imitator gains nothing by its words."""
_DOUBT = frozenset(("mail.auth.unaligned", "mail.auth.dmarc.fail", "mail.auth.spf.fail"))
_ELSEWHERE = frozenset(("mail.reply-to.differs", "mail.reply-to.freemail"))


def words_of(levelled: str) -> list[str]:
    """Return the words of a levelled text that count: none of the addresses to which it leads."""
    return _WORD.findall(_ADDRESS.sub(" ", levelled))[:WORDS]


def heard(mail: Mail, facts: Collection[str]) -> bool:
    """Tell whether the weights know mail of this sort."""
    return _UNLIKE.isdisjoint(facts) and not _ANSWER.match(mail.levelled)


def circumstances(mail: Mail, facts: Collection[str]) -> set[str]:
    """Return the traits of `mail` that are no words: who vouches, and what it holds."""
    told = {"mail.from.freemail": "private", "mail.auth.aligned": "vouched"}
    found = {f"is {name}" for fact, name in told.items() if fact in facts}
    found |= {"is doubtful"} if not _DOUBT.isdisjoint(facts) else set()
    found |= {"is answered-elsewhere"} if not _ELSEWHERE.isdisjoint(facts) else set()
    found |= {"is with-files"} if mail.files else set()
    return found | {"is with-links" if mail.links else "is without-links"}


def traits(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each trait of `words` (a word, its start, or the starts of two that follow each other), and the words."""
    last, before = "", ""
    for word in words:
        start = word[:START]
        if not word.isdigit():
            yield f"word {word}", word
            if start != word:
                yield f"start {start}", word
        if last:
            yield f"pair {last} {start}", f"{before} {word}"
        last, before = start, word


@cache
def weights() -> Mapping[str, float]:
    """Return the log-odds by trait; the empty trait stands for every mail."""
    lines = files(__package__).joinpath("learned.txt").read_text("utf-8").splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {trait: float(weight) for trait, _, weight in pairs}


def told(known: Mapping[str, float], words: list[str], around: Collection[str]) -> tuple[float, list[str]]:
    """Return the log-odds of a mail of `words` under the weights `known`, and the longer words that weighed most."""
    found: dict[str, str] = {}
    for trait, shown in traits(words):
        if trait in known:
            found.setdefault(trait, shown)
    kinds: dict[str, list[str]] = {}
    for trait in found:
        kinds.setdefault(trait[:4], []).append(trait)
    total = known[""] + sum(known.get(one, 0.0) for one in around)
    weighed: dict[str, float] = {}
    for same in kinds.values():
        share = SCALE / math.sqrt(len(same))
        for trait in same:
            weight = share * known[trait]
            total += weight
            weighed[found[trait]] = weighed.get(found[trait], 0.0) + weight
    named = (one for one, weight in weighed.items() if weight > 0 and len(max(one.split(), key=len)) >= NAMED)
    return total, sorted(named, key=lambda one: (-weighed[one], one))[:SHOWN]


def strength(log_odds: float) -> float:
    """Return the strength (0-`MOST`) of evidence for log-odds."""
    return MOST / (1 + math.exp(-2 * (log_odds - MIDDLE)))


def worded(mail: Mail, facts: Collection[str]) -> Iterator[Finding]:
    """Yield what the weights say of `mail`, if they know mail of its sort."""
    words = words_of(mail.levelled) if _HARMLESS not in facts and heard(mail, facts) else []
    if len(words) < FEWEST:
        return
    log_odds, strongest = told(weights(), words, circumstances(mail, facts))
    found = strength(log_odds)
    if found >= LEAST:
        why = say("It is worded as phishing is, for instance in: {words}.", words=", ".join(strongest))
        yield Finding("mail.words", why, round(found, 3), kind="mail.model")
