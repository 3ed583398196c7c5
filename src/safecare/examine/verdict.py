"""From findings to a score and a verdict: kinds of evidence are independent, findings of one kind are not.

``score = 1 - product over kinds (1 - strength)``; the strength of a kind comes from its two strongest findings
(`safecare.model.finding`), since facts of one kind tell much the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable

from safecare.examine.api import Verdicts
from safecare.model.finding import Finding, kinds, strength

SUSPICIOUS = 0.5
"""Score from which a file is suspicious: as likely an attack as not."""
MALICIOUS = 0.85
"""Score from which a file is malicious. Chosen: one decisive finding, or several kinds that agree."""


def score(findings: Iterable[Finding]) -> float:
    """Return the combined strength 0-1 of `findings`."""
    return round(strength(kinds(findings).values()), 4)


def verdict(total: float, findings: Iterable[Finding]) -> Verdicts:
    """Return the verdict for a score of `total` and its findings."""
    if total >= MALICIOUS:
        return Verdicts.MALICIOUS
    if total >= SUSPICIOUS:
        return Verdicts.SUSPICIOUS
    return Verdicts.UNREADABLE if any(one.unreadable for one in findings) else Verdicts.CLEAN
