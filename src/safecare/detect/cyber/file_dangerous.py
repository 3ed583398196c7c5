"""An image or record on its way through the hospital holds what it must not: a program, a script, a hidden file.

Source: PS3.10 section 7.5 (DICOM and malware), CVE-2019-11687 (programs in DICOM preambles), MITRE ATT&CK T1027.009
(embedded payloads), T1204.002 (malicious file). What was only unreadable is told when it was stopped, since broken
transfers are common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.files import FileJudged
from safecare.model.text import Text, say

_TITLES = {
    "passed": say("A dangerous file went through to the records or images"),
    "held": say("A dangerous file on its way to the records or images is held"),
    "refused": say("A dangerous file on its way to the records or images was refused"),
}
_SEVERITY = {"malicious": 70, "suspicious": 45, "unreadable": 25}
"""0-100 by verdict, of a file that was stopped. Chosen: below a mail that a person has opened."""
_PASSED = 10
"""Added where the file went on to where it was sent. Chosen."""


@detector("file.dangerous", wants={FileJudged}, domain=Domain.CYBER)
@dataclass
class FileDangerous:
    """Alert for each file that a door of images or records judged malicious or suspicious."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge what doors told."""
        for event in batch:
            if isinstance(event, FileJudged) and self._matters(event):
                passed = event.act == "passed"
                yield Alert.of(
                    self,
                    event,
                    severity=_SEVERITY[event.verdict] + (_PASSED if passed else 0),
                    confidence=round(max(0.3, min(event.score, 0.99)), 2),
                    title=_TITLES[event.act],
                    why=self._why(event),
                    peers=() if event.asset else tuple(event.peer.split()[:1]),
                    techniques=("T1027.009", "T1204.002"),
                )

    @staticmethod
    def _matters(event: FileJudged) -> bool:
        if event.mail:  # alerted as a mail (``mail.phishing``, ``file.unreadable``)
            return False
        return event.verdict in ("malicious", "suspicious") or (event.verdict == "unreadable" and event.act != "passed")

    @staticmethod
    def _why(event: FileJudged) -> Iterator[Text]:
        yield from event.reasons
        if event.kept:
            yield say("Its bytes are kept as artifact {hash}.", hash=event.artifact)
        yield say("It came from {peer} as {type}.", peer=event.peer or "?", type=event.type)
