"""`FileUnreadable`: a stopped examiner is worse than a plain reason."""

from __future__ import annotations

from datetime import UTC, datetime

from safecare.detect.cyber.file_unreadable import FileUnreadable
from safecare.model.event import Event
from safecare.model.events.files import Unreadable
from safecare.model.ids import ArtifactHash, EventId, HolderId
from safecare.testing.hospital import small_hospital
from safecare.testing.hospital_building import SITE

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def event(reason: str, number: int = 0, *, stopped: bool = False) -> Unreadable:
    return Unreadable(
        id=Event.id_for(AT, "files", str(number)),
        at=AT,
        seen=AT,
        source="files",
        site=SITE,
        received=EventId("m"),
        artifact=ArtifactHash("0" * 64),
        reason=reason,
        stopped=stopped,
        holders=(HolderId("holder.2"), HolderId("holder.3"), HolderId("nobody")),
    )


def test_a_parser_that_had_to_be_stopped_is_worse_whatever_the_words_say() -> None:
    events = [event("took longer than 20 s", stopped=True), event("the part memory died.docm is broken", 1)]
    killed, plain = FileUnreadable(small_hospital()).feed(events)
    assert killed.severity > plain.severity
    assert killed.assets == ("ws.ward.1",)
    assert len(killed.why) == 2
    assert len(plain.why) == 1
