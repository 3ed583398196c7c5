"""Files of a share are made unreadable one after the other: what ransomware does before it asks for money.

Source: Scaife et al., "CryptoLock (and Drop It)" (ICDCS 2016): random bytes, changed kinds and many files at once give
ransomware away within some ten files; Kharraz et al., "UNVEIL" (USENIX Security 2016): notes in every folder; MITRE
ATT&CK T1486. Seen in SMB 2 and 3 as long as it is not encrypted itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from safecare.detect.api import detector
from safecare.detect.cyber.acquaintance import alert_on
from safecare.detect.cyber.wire_words import end, target_of
from safecare.detect.memory import remember
from safecare.model.alert import Alert, Domain
from safecare.model.event import Event
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.model.text import Text, say

STATIONS = 2000
"""Most stations watched at the same time (chosen: more than a file server has clients)."""
FILES = 500
"""Most files remembered of one station (chosen: above what alerts)."""
RANDOM = 7.2
"""Bits per byte from which a write counts as random (of 4 kB: ciphers reach 7.95, texts and old documents 3 to 6)."""
ALONE, TOGETHER = 20, 8
"""Files with one sign, and with each of two signs, from which it is told (chosen: CryptoDrop needs 10 to 33)."""
FOLDERS = 3
"""Folders in which the same note must lie (chosen: installers put a readme into one or two)."""
PACKED = frozenset({
    "zip", "7z", "rar", "gz", "bz2", "xz", "zst", "jpg", "jpeg", "png", "gif", "webp", "heic", "mp4", "mkv", "mov",
    "mp3",
    "docx", "xlsx", "pptx", "odt", "ods", "odp", "pdf", "jar", "dcm", "j2k",
})  # fmt: skip
"""Kinds whose bytes are random by themselves."""
NOTE = re.compile(
    r"(read.?me|how.?to|decrypt|recover|restore|ransom|unlock|your.?files|instructions|lisez|d.chiffr|r.cup.r)",
    re.IGNORECASE,
)
"""Names of notes, in English and French."""


class Window(msgspec.Struct):
    """What one station did within the window: files by sign, and the first event."""

    first: CommandSeen
    renamed: dict[str, list[str]] = {}
    """By new ending: files that got it."""
    random: list[str] = []
    notes: dict[str, list[str]] = {}
    """By name of the note: folders in which it was put."""
    told: int = 0
    """Severity that was told."""


@detector("network.share-encryption", wants={CommandSeen}, domain=Domain.CYBER)
@dataclass
class ShareEncryption:
    """Alert when a station gives many files random bytes, a new ending, or leaves the same note in many folders.

    Within `window` (time); once, and once more when a second sign makes it sure.
    """

    hospital: Hospital
    window: timedelta = timedelta(minutes=5)
    _windows: dict[str, Window] = field(default_factory=dict, init=False)

    def feed(self, batch: Iterable[Event]) -> Iterator[Alert]:
        """Follow what is done to files."""
        for event in batch:
            if isinstance(event, CommandSeen) and event.protocol == "smb":
                yield from self._judge(event)

    def _judge(self, event: CommandSeen) -> Iterator[Alert]:
        key = f"{event.src_ip}\x1f{event.dst_ip}"
        known = self._windows.get(key)
        if known is None or abs(event.at - known.first.at) > self.window:
            known = Window(event)
            remember(self._windows, key, known, STATIONS)
        if not self._noted(event, known):
            return
        renamed = max(map(len, known.renamed.values()), default=0)
        notes = max(map(len, known.notes.values()), default=0)
        signs = [renamed >= TOGETHER, len(known.random) >= TOGETHER, notes >= FOLDERS]
        sure = sum(signs) >= 2
        if not sure and max(renamed, len(known.random)) < ALONE:
            return
        severity = 90 if sure else 65
        if severity > known.told:
            known.told = severity
            yield self._alert(event, known, severity)

    @staticmethod
    def _noted(event: CommandSeen, known: Window) -> bool:
        """Add what an event shows; False if it shows nothing."""
        name = event.target
        before = sum(map(len, known.renamed.values())) + len(known.random) + sum(map(len, known.notes.values()))
        if event.command == "rename":
            new = event.facts.get("new_name", "")
            ending = _ending(new)
            if ending and ending != _ending(name):
                _add(known.renamed.setdefault(ending, []), new)
        elif event.command == "write":
            if float(event.facts.get("randomness", "0")) >= RANDOM and _ending(name) not in PACKED:
                _add(known.random, name)
        elif event.command == "create" and event.facts.get("disposition") != "1":
            folder, _, file = name.rpartition("\\")
            if NOTE.search(file):
                _add(known.notes.setdefault(file.lower(), []), folder)
        return before < sum(map(len, known.renamed.values())) + len(known.random) + sum(map(len, known.notes.values()))

    def _alert(self, event: CommandSeen, known: Window, severity: int) -> Alert:
        title = say(
            "{source} makes files on {target} unreadable",
            source=end(self.hospital, event.src_ip),
            target=target_of(self.hospital, event.dst_ip),
        )
        why: list[Text] = []
        if known.random:
            why.append(say("{count} files were overwritten with random bytes.", count=len(known.random)))
        for ending, files in sorted(known.renamed.items(), key=lambda one: -len(one[1]))[:1]:
            why.append(say("{count} files got the new ending {ending}.", count=len(files), ending=ending))
        for note, folders in sorted(known.notes.items(), key=lambda one: -len(one[1]))[:1]:
            why.append(say("The note {note} was put into {count} folders.", note=note, count=len(folders)))
        return alert_on(
            self,
            self.hospital,
            known.first,
            severity,
            title,
            why,
            "T1486",
            confidence=0.9 if severity >= 90 else 0.7,
            more=[event] if event.id != known.first.id else [],
        )


def _ending(name: str) -> str:
    return name.rpartition("\\")[2].rpartition(".")[2].lower()[:20] if "." in name else ""


def _add(known: list[str], name: str) -> None:
    if name not in known and len(known) < FILES:
        known.append(name)
