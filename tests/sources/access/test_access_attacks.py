"""Tables and posts that lie, are spoilt, or are sent again: real HTTP and real files, to what a person would read."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from test_access_doors import HEADER, TOKEN, body, line, post, webhook

from safecare.console.crisis import plain_cell
from safecare.console.timeline import table
from safecare.console.wire.incidents import Moment
from safecare.detect.physical.door_forced import ForcedDoor
from safecare.model.events.doors import BadgeGranted, DoorOpened
from safecare.sources.access.rows import Rows, mapping_of
from safecare.testing.clock import START
from safecare.testing.intake import MemoryIntake

ROWS = Rows(mapping_of("generic"), "table")


async def test_keys_that_stand_twice_in_a_post_are_one_event_of_the_last() -> None:
    intake = MemoryIntake()
    raw = json.dumps(body()).encode()[:-1] + b', "event": "opened"}'
    async with webhook(intake) as client:
        assert (await post(client, raw)).json()["events"] == 1
    assert [type(one) for one in intake.events] == [DoorOpened]


def test_a_table_whose_header_names_a_column_twice_is_told_and_nothing_is_guessed() -> None:
    events, unread = ROWS.csv(
        (HEADER.replace("\n", ";badge\n") + line("granted", 1).replace("\n", ";B009\n")).encode(), MemoryIntake()
    )
    assert not events
    assert "twice" in unread[0].reason


FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")']


@pytest.mark.parametrize("formula", FORMULAS)
async def test_formulas_in_a_table_are_text_for_who_opens_what_we_export(formula: str) -> None:
    intake = MemoryIntake()
    async with webhook(intake) as client:
        told = await post(client, body(reason=formula, event="denied"))
    assert told.json()["events"] == 1
    assert plain_cell(formula) == f"'{formula}"
    out = table([Moment(START, formula, formula, formula, formula)]).decode("utf-8-sig")
    assert all(not cell.startswith(("=", "+", "-", "@", "\t")) for row in csv.reader(io.StringIO(out)) for cell in row)


@pytest.mark.parametrize("mark", ["", "\ufeff", "sep=;\n", "\ufeffsep=;\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_marks_and_encodings_of_a_table(mark: str, encoding: str) -> None:
    if encoding == "cp1252" and "\ufeff" in mark:
        return
    raw = (mark + HEADER + line("granted", 1)).encode(encoding)
    events, unread = ROWS.csv(raw, MemoryIntake())
    assert ([type(one) for one in events], unread) == ([BadgeGranted], [])


def test_another_delimiter_is_told_once_and_no_row_is_read_as_another() -> None:
    raw = (HEADER + line("granted", 1) + line("granted", 2)).replace(";", ",").encode()
    events, unread = ROWS.csv(raw, MemoryIntake())
    assert (events, len(unread)) == ([], 1)
    assert "the header lacks" in unread[0].reason


def test_a_row_that_is_cut_or_has_another_s_columns_is_no_event_and_hides_none() -> None:
    whole = line("granted", 1)
    rows = [whole[: len(whole) // 2] + "\n", whole, whole.replace(";", ";;", 1), '"' + whole, line("granted", 2)]
    events, unread = ROWS.csv((HEADER + "".join(rows)).encode(), MemoryIntake())
    assert len(events) >= 1
    assert len(unread) >= 2
    assert all(isinstance(one, BadgeGranted) and one.asset == "door.pharmacy" for one in events)


@pytest.mark.parametrize("late", [timedelta(minutes=10), timedelta(days=2), timedelta(days=30)])
async def test_a_row_that_comes_late_keeps_its_time_and_one_beyond_belief_is_of_now(late: timedelta) -> None:
    intake = MemoryIntake()
    at = START - late
    async with webhook(intake) as client:
        for _ in range(3):
            assert (await post(client, body(time=at.isoformat(), number="7"))).status_code == 202
    assert {one.at for one in intake.events} == {at if late < timedelta(days=7) else START}
    assert len({one.id for one in intake.events}) == 1


async def test_grants_that_are_played_again_open_no_door_twice() -> None:
    """A recorded grant, signature and all, is posted again when somebody breaks in: it is a grant of then."""
    intake, key = MemoryIntake(), "another-secret-of-ours"
    raw = json.dumps(body()).encode()
    headers = {"x-hub-signature-256": "sha256=" + hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()}
    async with webhook(intake, token="", key=key) as client:
        for _ in range(2):
            assert (await client.post("/", content=raw, headers=headers)).status_code == 202
        opened = [
            json.dumps(body(event="opened", time=(START + timedelta(seconds=s)).isoformat())).encode() for s in (2, 60)
        ]
        for one in opened:
            sign = "sha256=" + hmac.new(key.encode(), one, hashlib.sha256).hexdigest()
            await client.post("/", content=one, headers={"x-hub-signature-256": sign})
            assert (await client.post("/", content=raw, headers=headers)).status_code == 202
    rule = ForcedDoor(intake.hospital)
    told = [*rule.feed(intake.events), *rule.tick(START + timedelta(minutes=5))]
    assert [one.first for one in told] == [START + timedelta(seconds=60)]


@pytest.mark.parametrize("headers", [{}, {"x-hub-signature-256": ""}, {"x-hub-signature-256": "sha256=" + "0" * 64}])
async def test_a_missing_or_wrong_signature_stores_nothing_whatever_the_token(headers: dict[str, str]) -> None:
    intake = MemoryIntake()
    async with webhook(intake, key="another-secret-of-ours") as client:
        told = await client.post("/", json=body(), headers={"authorization": f"Bearer {TOKEN}", **headers})
    assert told.status_code == 401
    assert not intake.events
    assert not intake.rejects


def test_a_mapping_does_not_read_what_stands_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: x\nfields: {event: a, door: b}\nevents: {x: {access: granted}}\n")
    assert mapping_of("mine.yaml", tmp_path).name == "x"
    with pytest.raises(ValueError, match="mappings that come with the platform"):
        mapping_of("nobody.yaml", tmp_path)
