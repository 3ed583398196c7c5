"""From findings to a score and a verdict: kinds of evidence are independent, findings of one kind are not.

``score = 1 - product over kinds (1 - strength)``; the strength of a kind comes from its two strongest findings,
since facts of one kind tell much the same thing (a look-alike sender usually has look-alike links).
"""

from __future__ import annotations

from collections.abc import Iterable

from safecare.examine.api import Finding, Verdicts

SECOND = 0.35
"""Share of its weight with which the second strongest finding of a kind still counts; further ones do not. Chosen."""
SUSPICIOUS = 0.5
"""Score from which a file is suspicious: as likely an attack as not."""
MALICIOUS = 0.85
"""Score from which a file is malicious. Chosen: one decisive finding, or several kinds that agree."""


def kind(finding: Finding) -> str:
    """Return the kind of evidence of `finding`."""
    return finding.kind or finding.rule.partition(".")[0]


def score(findings: Iterable[Finding]) -> float:
    """Return the combined strength 0-1 of `findings`."""
    kinds: dict[str, list[float]] = {}
    strongest: dict[str, Finding] = {}
    for one in findings:
        if one.weight > 0 and (one.rule not in strongest or strongest[one.rule].weight < one.weight):
            strongest[one.rule] = one
    for one in strongest.values():
        kinds.setdefault(kind(one), []).append(one.weight)
    missing = 1.0
    for weights in kinds.values():
        first, second = (*sorted(weights, reverse=True), 0.0)[:2]
        missing *= (1 - first) * (1 - SECOND * second)
    return round(1 - missing, 4)


def verdict(total: float, findings: Iterable[Finding]) -> Verdicts:
    """Return the verdict for a score of `total` and its findings."""
    if total >= MALICIOUS:
        return Verdicts.MALICIOUS
    if total >= SUSPICIOUS:
        return Verdicts.SUSPICIOUS
    return Verdicts.UNREADABLE if any(one.unreadable for one in findings) else Verdicts.CLEAN
