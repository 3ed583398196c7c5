from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from made_items import alert, incident, judged, reject
from made_road import Road
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from safecare.model.events.files import FileJudged, HeldForwarded, MailReceived
from safecare.model.events.video import ClipKept
from safecare.model.ids import AlertId, ArtifactHash, EventId, IncidentId, SiteId
from safecare.settings import Retention as Days
from safecare.store import schema
from safecare.store.accounts import Accounts
from safecare.store.artifacts import Artifacts
from safecare.store.audit import verify
from safecare.store.clips import clips, missing, opened, seal
from safecare.store.held import held
from safecare.store.keyring import Keyring
from safecare.store.retention import Retention
from safecare.store.vault import Vault
from safecare.testing.clock import START
from safecare.testing.road import badge, entry_of

pytest_plugins = ["store_fixtures"]

CLASSES = ("clips", "events", "rejects", "artifacts", "log", "stations", "sessions")
Keep = Callable[[str, datetime], ArtifactHash]


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts", reserve_mb=0)


@pytest.fixture
def keep(artifacts: Artifacts) -> Keep:
    """Keep an artifact as if it had been at a given time."""

    def keep(text: str, at: datetime) -> ArtifactHash:
        hash = artifacts.keep(text.encode(), "image/jpeg" if text.startswith("still") else "message/rfc822")
        os.utime(artifacts.path(hash), (at.timestamp(), at.timestamp()))
        return hash

    return keep


def retention(road: Road, artifacts: Artifacts, days: Days | None = None) -> Retention:
    return Retention(road.database, artifacts, road.log, days or Days())


def mail(number: int, artifact: ArtifactHash) -> MailReceived:
    return MailReceived(
        id=EventId(f"mail-{number}"),
        at=START,
        seen=START,
        source="mail.test",
        site=SiteId("site-1"),
        artifact=artifact,
        size=1,
        client="192.0.2.1",
    )


def test_old_events_go_and_young_ones_stay(road: Road, artifacts: Artifacts) -> None:
    events = [badge(n, at=START + timedelta(hours=n)) for n in range(2000)]
    road.log.append([entry_of(*events)])
    road.drain()
    counts = retention(road, artifacts).apply(START + timedelta(days=40))
    assert counts["events"] == 240
    assert road.reader.counts()["events"] == 1760
    assert road.reader.event(events[239].id) is None
    assert road.reader.event(events[240].id) is not None


def test_an_event_from_the_future_goes_by_the_time_at_which_we_got_it(road: Road, artifacts: Artifacts) -> None:
    stray = msgspec.structs.replace(badge(0), at=START + timedelta(days=3650))
    road.log.append([entry_of(stray)])
    road.drain()
    assert retention(road, artifacts).apply(START + timedelta(days=29))["events"] == 0
    assert retention(road, artifacts).apply(START + timedelta(days=31))["events"] == 1


def test_what_an_open_incident_rests_on_stays_until_it_is_closed(road: Road, artifacts: Artifacts, keep: Keep) -> None:
    needed, other, shown = keep("needed", START), keep("other", START), keep("still", START)
    raised = alert("a", mail(1, needed), still=shown)
    road.log.append([entry_of(mail(1, needed), mail(2, other)), entry_of(raised), entry_of(incident("i", 1, raised))])
    road.drain()
    late = START + timedelta(days=200)
    counts = retention(road, artifacts).apply(late)
    assert (counts["events"], counts["artifacts"]) == (1, 1)
    assert road.reader.event(EventId("mail-1")) is not None
    assert {one for one, _ in artifacts.hashes()} == {needed, shown}
    road.log.append([entry_of(incident("i", 2, raised, state="closed"))])
    road.drain()
    counts = retention(road, artifacts).apply(late)
    assert (counts["events"], counts["artifacts"]) == (1, 2)
    assert road.reader.incident(IncidentId("i")) is not None
    assert road.reader.alerts(ids=[raised.id]) == [raised]


def test_what_is_held_stays_until_it_is_sent_on(road: Road, artifacts: Artifacts, keep: Keep) -> None:
    bytes_, call = keep("bytes", START), keep("call", START)
    judged = FileJudged(
        id=EventId("held-1"),
        at=START,
        seen=START,
        source="dicom",
        site=SiteId("site-1"),
        artifact=bytes_,
        call=call,
        size=5,
        type="dicom",
        verdict="malicious",
        score=1.0,
        act="held",
    )
    road.log.append([entry_of(judged)])
    road.drain()
    late = START + timedelta(days=200)
    counts = retention(road, artifacts).apply(late)
    assert (counts["events"], counts["artifacts"]) == (0, 0)
    assert [(one.state, one.file) for one in held(road.database)] == [("waiting", judged)]
    answer = HeldForwarded(
        id=EventId("sent-1"),
        at=late,
        seen=late,
        source="dicom",
        site=SiteId("site-1"),
        file=judged.id,
        act=EventId("act-1"),
        outcome="sent",
    )
    road.log.append([entry_of(answer)])
    road.drain()
    counts = retention(road, artifacts).apply(late)
    assert (counts["events"], counts["artifacts"]) == (1, 2)
    assert held(road.database) == []


def test_artifacts_go_by_class_and_rejects_keep_theirs(road: Road, artifacts: Artifacts, keep: Keep) -> None:
    still, broken, young = keep("still", START), keep("broken", START), keep("young", START + timedelta(days=19))
    road.log.append([entry_of(reject("x", artifact=broken))])
    road.drain()
    chosen = retention(road, artifacts, Days(stills=10, artifacts=15, rejects=50))
    assert chosen.apply(START + timedelta(days=12))["artifacts"] == 1
    assert {one for one, _ in artifacts.hashes()} == {broken, young}
    assert chosen.apply(START + timedelta(days=30))["artifacts"] == 0
    assert still not in {one for one, _ in artifacts.hashes()}
    counts = chosen.apply(START + timedelta(days=51))
    assert (counts["rejects"], counts["artifacts"]) == (1, 2)
    assert road.reader.counts()["rejects"] == 0


def test_clips_go_by_their_own_time_and_take_their_key_along(road: Road, artifacts: Artifacts, tmp_path: Path) -> None:
    vault = Vault(road.database, Keyring(tmp_path / "keys"), road.clock)
    raised = alert("a")
    for number, (days, owner) in enumerate(((7, "a"), (7, "b"), (20, "b"))):
        key, sealed = seal(vault, b"clear")
        event = ClipKept(
            id=EventId(f"clip-{number}"),
            at=START,
            seen=START,
            source="camera",
            site=SiteId("site-1"),
            alerts=(raised.id if owner == "a" else AlertId(owner),),
            seconds=20.0,
            artifact=artifacts.keep(b"film %d" % number, "video/webm"),
            until=START + timedelta(days=days),
            clear=artifacts.keep(sealed, "video/sealed"),
            key=key,
        )
        assert opened(vault, event, sealed) == b"clear"
        road.log.append([entry_of(event)])
    road.log.append([entry_of(raised), entry_of(incident("i", 1, raised))])
    road.drain()
    chosen = retention(road, artifacts)
    assert chosen.apply(START + timedelta(days=6))["clips"] == 0
    assert chosen.apply(START + timedelta(days=8))["clips"] == 1  # the first one belongs to an open incident
    assert [one.id for one in clips(road.database)] == ["clip-0", "clip-2"]
    assert [(one.id, one.why) for one in missing(road.database, [AlertId("b")])] == [("clip-1", "over")]
    assert len(list(artifacts.hashes())) == 4
    with road.database.reading() as connection:
        assert len(connection.execute(select(schema.sealed)).all()) == 2
    assert chosen.apply(START + timedelta(days=40))["clips"] == 1
    assert [one.id for one in clips(road.database)] == ["clip-0"]


def clip(number: int, artifacts: Artifacts, at: datetime, days: float) -> ClipKept:
    hash = artifacts.keep(b"film %d" % number, "video/webm")
    os.utime(artifacts.path(hash), (at.timestamp(), at.timestamp()))
    return ClipKept(
        id=EventId(f"clip-{number}"), at=at, seen=at, source="camera", site=SiteId("site-1"),
        alerts=(AlertId("a"),), seconds=20.0, artifact=hash, until=at + timedelta(days=days),
    )  # fmt: skip


def test_a_clip_is_not_deleted_before_its_time_with_the_stills(road: Road, artifacts: Artifacts) -> None:
    event = clip(0, artifacts, START, days=30)
    road.log.append([entry_of(event)])
    road.drain()
    chosen = retention(road, artifacts, Days(stills=7))
    chosen.apply(START + timedelta(days=29))
    assert artifacts.path(event.artifact).exists()
    chosen.apply(START + timedelta(days=30))
    assert not artifacts.path(event.artifact).exists()


def test_a_clip_made_while_the_clock_was_ahead_has_its_days_once_it_is_right(road: Road, artifacts: Artifacts) -> None:
    road.log.append([entry_of(clip(0, artifacts, START + timedelta(days=3650), days=7))])
    road.drain()
    chosen = retention(road, artifacts)
    assert chosen.apply(START)["clips"] == 0
    assert [one.until for one in clips(road.database)] == [START + timedelta(days=7)]
    assert chosen.apply(START + timedelta(days=7))["clips"] == 1


def test_a_clip_that_cannot_be_deleted_does_not_hold_up_the_others(
    road: Road, artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = clip(0, artifacts, START, days=7), clip(1, artifacts, START, days=7)
    road.log.append([entry_of(stuck, other)])
    road.drain()
    delete = Artifacts.delete

    def failing(self: Artifacts, hash: ArtifactHash, *, before: float | None = None) -> bool:
        if hash == stuck.artifact and before is None:
            raise OSError(5, "Input/output error")
        return delete(self, hash, before=before)

    monkeypatch.setattr(Artifacts, "delete", failing)
    assert retention(road, artifacts).apply(START + timedelta(days=8))["clips"] == 1
    assert [one.id for one in clips(road.database)] == ["clip-0"]
    monkeypatch.undo()
    assert retention(road, artifacts).apply(START + timedelta(days=8))["clips"] == 1


def test_the_log_is_pruned_by_the_mark_of_days_ago(road: Road, artifacts: Artifacts) -> None:
    chosen = retention(road, artifacts)
    road.log.append([entry_of(badge(n)) for n in range(5)])
    road.drain()
    assert chosen.apply(START)["log"] == 0
    road.log.append([entry_of(badge(n)) for n in range(5, 8)])
    road.drain()
    road.writer._tell(now=True)
    assert chosen.apply(START + timedelta(days=3))["log"] == 0
    assert chosen.apply(START + timedelta(days=7))["log"] == 5
    assert chosen.apply(START + timedelta(days=8))["log"] == 0
    assert chosen.apply(START + timedelta(days=10))["log"] == 3
    assert road.log.last() == 8


def test_a_clock_put_back_does_not_stop_the_pruning(road: Road, artifacts: Artifacts) -> None:
    chosen = retention(road, artifacts)
    road.log.append([entry_of(badge(0))])
    road.drain()
    road.writer._tell(now=True)
    chosen.apply(START + timedelta(days=3650))  # the clock was wrong
    assert chosen.apply(START)["log"] == 0
    assert chosen.apply(START + timedelta(days=7))["log"] == 1


def test_the_audit_chain_and_accounts_are_kept_but_not_spent_sessions(road: Road, artifacts: Artifacts) -> None:
    accounts = Accounts(road.database, road.clock)
    opened = accounts.redeem(accounts.invite(role="guard"))
    assert opened is not None
    road.log.append([entry_of(judged(1))])
    road.drain()
    counts = retention(road, artifacts).apply(START + timedelta(days=365))
    assert counts["events"] == 1
    assert verify(road.database).count == 1
    assert len(accounts.users()) == 1
    assert accounts.session(opened.cookie) is None


def test_nothing_to_do(road: Road, artifacts: Artifacts) -> None:
    assert retention(road, artifacts).apply(START) == dict.fromkeys(CLASSES, 0)


def test_a_class_that_fails_does_not_hold_up_the_others(
    road: Road, artifacts: Artifacts, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("old", START)
    chosen = retention(road, artifacts)

    def full(*_: object) -> int:
        raise OperationalError("DELETE", {}, Exception("database or disk is full"))

    monkeypatch.setattr(chosen, "_events", full)
    counts = chosen.apply(START + timedelta(days=40))
    assert "events" not in counts
    assert counts["artifacts"] == 1


def test_a_row_that_cannot_be_read_does_not_end_the_process(road: Road, artifacts: Artifacts) -> None:
    row = {"id": "i", "revision": 1, "state": "new", "updated": 0, "into": None, "body": "{}"}
    with road.database.writing() as connection:
        connection.execute(insert(schema.incident).values(row))
    assert retention(road, artifacts).apply(START + timedelta(days=40)) == {}
