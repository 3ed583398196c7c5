"""Verdicts as people and programs read them: table, NDJSON, IDMEFv2.

IDMEFv2 after draft-lehmann-idmefv2-08: one message for each file that is suspicious, malicious or unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from safecare.cli.files import plain, plain_json, shown
from safecare.examine.api import Finding, Verdict, Verdicts
from safecare.locale.catalogue import Catalogue
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say

_PRIORITY = {Verdicts.MALICIOUS: "High", Verdicts.SUSPICIOUS: "Medium", Verdicts.UNREADABLE: "Low"}
WORDS: Mapping[str, Text] = {
    Verdicts.CLEAN: say("clean"),
    Verdicts.SUSPICIOUS: say("suspicious"),
    Verdicts.MALICIOUS: say("malicious"),
    Verdicts.UNREADABLE: say("unreadable"),
}
"""Verdicts as people read them."""
UNREAD = "unread"
"""Type of what could not be read."""
MOST_NOTES = 6
"""Sentences in one message. Chosen: what a person reads."""


class Writer:
    """Puts verdicts into words of both languages."""

    def __init__(self) -> None:
        self._catalogue, self._nobody = Catalogue.load(), Hospital.empty()

    def ndjson(self, path: Path, verdict: Verdict) -> str:
        """Return one line of JSON."""
        return _line(
            {
                "path": shown(path),
                "sha256": verdict.sha256 or None,
                "type": verdict.type,
                "verdict": verdict.verdict,
                "score": verdict.score,
                "findings": [self._finding(one) for one in verdict.findings],
            }
        )

    def table(self, path: Path, verdict: Verdict, language: str) -> str:
        """Return lines for people: the verdict, and what was found, strongest first."""
        word = self._catalogue.render(WORDS[verdict.verdict], language, self._nobody)
        lines = [f"{word:<11} {verdict.score:4.2f}  {verdict.type:<12} {shown(path)}"]
        for one in sorted(verdict.findings, key=lambda one: -one.weight):
            place = " ".join(filter(None, (one.where.part, one.where.tag)))
            lines.append(f"    {one.rule:<32} {self._say(one, language)}{f'  [{place}]' if place else ''}")
        return "\n".join(map(plain, lines))

    def idmef(self, path: Path, verdict: Verdict, language: str, now: datetime) -> str:
        """Return an IDMEFv2 message in one line; empty for a clean file."""
        if verdict.verdict is Verdicts.CLEAN:
            return ""
        strongest = sorted(verdict.findings, key=lambda one: -one.weight)
        message: dict[str, Any] = {
            "Version": "2.D.V08",
            "ID": str(uuid4()),
            "Type": ["Cyber"],
            "Category": [_category(verdict)],
            "Description": self._say(strongest[0], language) if strongest else str(verdict.verdict),
            "Priority": _PRIORITY[verdict.verdict],
            "Confidence": verdict.score,
            "Note": " ".join(self._say(one, language) for one in strongest[:MOST_NOTES]),
            "CreateTime": now.isoformat(timespec="seconds"),
            "Analyzer": {
                "Name": "Safecare",
                "Category": ["END.AM"],
                "Data": ["File"],
                "Method": ["Heuristic", "Signature"],
            },
            "Attachment": [{"Name": "file", "FileName": shown(path)}],
        }
        if verdict.sha256:
            message["Attachment"][0]["Hash"] = [f"sha256:{verdict.sha256}"]
        return _line(message)

    def reason(self, text: str, language: str) -> str:
        """Return a reason that a part gave in plain English, for people."""
        return self._catalogue.reason(text, language)

    def left_out(self, paths: Sequence[Path], language: str) -> str:
        """Return a sentence on what was left out."""
        why = say(
            "{count} links, pipes or devices in folders are left out, first {path}",
            count=len(paths),
            path=plain(shown(paths[0])),
        )
        return self._catalogue.render(why, language, self._nobody)

    def _finding(self, finding: Finding) -> dict[str, Any]:
        return {
            "rule": finding.rule,
            "why": {language: self._say(finding, language) for language in ("en", "fr")},
            "where": finding.where,
            "weight": finding.weight,
        }

    def _say(self, finding: Finding, language: str) -> str:
        return self._catalogue.render(finding.why, language, self._nobody)


def _category(verdict: Verdict) -> str:
    if verdict.verdict is Verdicts.UNREADABLE:
        return "Other.Undetermined"
    return "SocialEng.Phishing" if verdict.type.startswith(("mail", "mbox")) else "Malware.Other"


def _line(value: dict[str, Any]) -> str:
    return plain_json(msgspec.json.encode(value).decode())


def unread(reason: str) -> Verdict:
    """Return the verdict on what could not be read at all, so that it has no hash."""
    why = say("The file cannot be read: {reason}.", reason=reason)
    return Verdict("", UNREAD, Verdicts.UNREADABLE, 0.0, (Finding("file.unread", why, unreadable=True),))
