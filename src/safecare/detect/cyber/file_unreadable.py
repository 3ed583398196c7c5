"""A received file could not be examined: broken beyond reading, over a limit, or it took the examiner down.

Source: MITRE ATT&CK T1027 (obfuscated files) and the platform's own rule that what can't be read is never
taken as harmless. Broken mail is common, so the plain case stays low; a file that stops a confined, bounded
parser is rare and was probably made for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from safecare.detect.api import detector
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.files import Unreadable
from safecare.model.hospital import Hospital
from safecare.model.ids import AssetId
from safecare.model.text import say


@detector("file.unreadable", wants={Unreadable}, domain=Domain.CYBER)
@dataclass
class FileUnreadable:
    """Alert for each file that the examiner gave up on."""

    hospital: Hospital
    """Gives the recipients' workstations."""

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Judge what the examiner could not read."""
        for event in batch:
            if not isinstance(event, Unreadable):
                continue
            people = [self.hospital.person("holder", holder) for holder in event.holders]
            stations = [AssetId(one.workstation) for one in people if one and one.workstation]
            why = [say("The examiner's reason: {reason}.", reason=event.reason)]
            if event.stopped:
                why.append(say("The examiner itself had to be stopped, which harmless files do not cause."))
            yield Alert.of(
                self,
                event,
                severity=60 if event.stopped else 35,
                confidence=0.6 if event.stopped else 0.4,
                title=say("A received file cannot be examined"),
                why=why,
                assets=stations,
                holders=event.holders,
                techniques=("T1027",),
            )
