"""The HTTP door for machines."""

from __future__ import annotations

from pathlib import Path

import console_items as made
import pytest
from console_rig import TOKEN, Rig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safecare.console.deps import LineError, Parsed
from safecare.console.ingest import admit, read_events
from safecare.console.rights import Visitor
from safecare.model.events import encode_event
from safecare.model.events.acts import ExerciseSet, SignedIn
from safecare.model.ids import EventId, SiteId
from safecare.model.topics import decode

pytest_plugins = ["console_fixtures"]

MACHINE = {"Authorization": f"Bearer {TOKEN}"}


def line(rig: Rig) -> bytes:
    return encode_event(made.opened(rig.clock.now()))


async def test_good_lines_are_durable_and_bad_ones_named_and_kept(rig: Rig) -> None:
    body = b"\n".join([line(rig), b"{not json", b"", line(rig), b'{"kind":"none"}', b'"\xff"'])
    async with rig.browser(**MACHINE) as machine:
        answer = await machine.post("/api/ingest/events", content=body)
    assert answer.status_code == 202
    taken = answer.json()
    assert taken["accepted"] == 2
    assert [one["line"] for one in taken["rejected"]] == [2, 5, 6]
    assert "none" in taken["rejected"][1]["reason"]
    (batch,) = rig.log.read({"event"}, 0)
    assert len(batch.items) == 2
    assert [(door, raw, place) for door, raw, _, place in rig.refused] == [
        ("ingest/events", b"{not json", "line 2"),
        ("ingest/events", b'{"kind":"none"}', "line 5"),
        ("ingest/events", b'"\xff"', "line 6"),
    ]


async def test_a_flood_of_bad_lines_is_kept_in_few_pieces(rig: Rig) -> None:
    async with rig.browser(**MACHINE) as machine:
        answer = await machine.post("/api/ingest/events", content=b"bad\n" * 5000)
    assert answer.status_code == 400
    assert len(answer.json()["rejected"]) == 100
    assert len(rig.refused) == 101
    assert sum(raw.count(b"bad") for _, raw, _, _ in rig.refused) == 5000


async def test_seen_is_our_time(rig: Rig) -> None:
    event = made.opened(rig.clock.now())
    rig.clock.advance(60)
    async with rig.browser(**MACHINE) as machine:
        assert (await machine.post("/api/ingest/events", content=encode_event(event))).status_code == 202
    stored = decode("event", rig.log.read({"event"}, 0)[0].items[0])
    assert (stored.at, stored.seen) == (event.at, rig.clock.now())


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b" \n ", 400), (b"nonsense", 400), (b"x" * 1_000_001, 413)])
async def test_nothing_readable(rig: Rig, body: bytes, status: int) -> None:
    async with rig.browser(**MACHINE) as machine:
        assert (await machine.post("/api/ingest/events", content=body)).status_code == status
        assert (await machine.post("/api/ingest/other", content=body)).status_code == 404
    assert rig.log.last() == 0


async def test_full_means_keep_it_yourself(rig: Rig) -> None:
    rig.log.full = True
    async with rig.browser(**MACHINE) as machine:
        assert (await machine.post("/api/ingest/events", content=line(rig))).status_code == 507


async def test_a_source_needs_its_token_and_speaks_for_its_site_only(rig: Rig) -> None:
    async with rig.browser() as machine:
        assert (await machine.post("/api/ingest/events", content=line(rig))).status_code == 401
        for site, accepted in (("tilleuls", 0), ("aurore", 1), (None, 1)):
            machine.headers["Authorization"] = f"Bearer {rig.sign_in('source', site)}"
            taken = (await machine.post("/api/ingest/events", content=line(rig))).json()
            assert (taken["accepted"], len(taken["rejected"])) == (accepted, 1 - accepted)
        assert (await machine.get("/api/board")).status_code == 403
        machine.headers["Authorization"] = f"Bearer {rig.sign_in('operator')}"
        assert (await machine.post("/api/ingest/events", content=line(rig))).status_code == 403


def test_a_machine_can_not_act_as_a_person(rig: Rig) -> None:
    at = rig.clock.now()
    act = SignedIn(
        id=EventId("e"),
        at=at,
        seen=at,
        source="x",
        site=SiteId("aurore"),
        actor="admin",
        role="admin",
        change="signed_in",
    )
    taken, refused = admit([act], Visitor("m", "M", "source"), at)
    assert not taken
    assert "signed-in people only" in refused[0].reason


async def test_formats_are_joined_from_outside(tmp_path: Path) -> None:
    alerts: list[object] = []

    def eve(raw: bytes) -> Parsed:
        return list(alerts), [LineError(3, "odd", b"odd")]  # type: ignore[arg-type]

    rig = Rig(tmp_path, ingest={"eve": eve})
    alerts.append(made.alert(rig.clock.now()))
    async with rig.browser(**MACHINE) as machine:
        answer = await machine.post("/api/ingest/eve", content=b"{}")
    assert answer.json() == {"accepted": 1, "rejected": [{"line": 3, "reason": "odd"}]}
    assert rig.log.read({"alert"}, 0)
    rig.database.engine.dispose()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b"{", b"[", b'"', b"\n", b"1", b"null", b'{"kind":']), max_size=80).map(b"".join)
)
def test_any_bytes_give_errors_with_lines_and_nothing_else(raw: bytes) -> None:
    items, errors = read_events(raw)
    assert not items
    assert all(one.line >= 1 and one.reason for one in errors)


def test_deep_nesting_is_an_error_not_a_crash() -> None:
    _, errors = read_events(b"[" * 100_000)
    assert len(errors) == 1


async def test_naive_times_are_refused(rig: Rig) -> None:
    raw = line(rig).replace(b"2026-03-02T08:00:00Z", b"2026-03-02T08:00:00")
    async with rig.browser(**MACHINE) as machine:
        answer = await machine.post("/api/ingest/events", content=raw)
    assert answer.status_code == 400
    assert "time zone" in answer.json()["rejected"][0]["reason"]


def test_only_the_administrator_says_that_an_exercise_runs(rig: Rig) -> None:
    now = rig.clock.now()
    act = ExerciseSet(
        id=EventId("exercise"),
        at=now,
        seen=now,
        source="scenario",
        site=SiteId("aurore"),
        actor="local",
        scenario="theft",
        running=True,
    )
    assert admit([act], Visitor("local", "", "admin"), now) == ([act], [])
    taken, refused = admit([act], Visitor("probe", "", "source"), now)
    assert not taken
    assert "acts come from signed-in people only" in refused[0].reason
