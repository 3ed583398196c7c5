"""Webhook, folder and followed table: real HTTP and real files."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from safecare.detect.building.sensor_silent import SilentSensor
from safecare.model.events.doors import BadgeGranted, DoorOpened
from safecare.model.events.panels import DeviceHeard, PanelSignal
from safecare.sources.access.folder import AccessFolder
from safecare.sources.access.rows import Rows, header_of, mapping_of
from safecare.sources.access.tail import AccessTail
from safecare.sources.access.webhook import AccessWebhook
from safecare.sources.api import UnreadableError
from safecare.testing.clock import START, FakeClock
from safecare.testing.hospital import small_hospital
from safecare.testing.hospital_guarded import guarded_hospital
from safecare.testing.intake import MemoryIntake, running
from safecare.testing.papers import papers

TOKEN = "a-long-enough-token"
HEADER = "time;door;event;badge;direction;reason;number\n"


def line(event: str, number: int, door: str = "reader-pharmacy", badge: str = "B001") -> str:
    return f"{START.isoformat()};{door};{event};{badge};;;{number}\n"


@contextlib.asynccontextmanager
async def webhook(intake: MemoryIntake, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
    door = AccessWebhook("hook", port=0, **{"token": TOKEN, **more})
    async with running(door, intake), httpx.AsyncClient(base_url="http://{}:{}".format(*door.address)) as client:
        yield client


def body(**more: object) -> dict[str, object]:
    return {"time": START.isoformat(), "door": "reader-pharmacy", "event": "granted", "badge": "B001"} | more


async def post(client: httpx.AsyncClient, content: object, token: str = TOKEN) -> httpx.Response:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await client.post("/", content=raw, headers={"authorization": f"Bearer {token}"})


async def test_a_post_is_answered_202_once_it_is_stored_and_sent_again_is_one_event() -> None:
    intake = MemoryIntake()
    async with webhook(intake) as client:
        first = await post(client, body(direction="in"))
        again = await post(client, body(direction="in"))
    assert (first.status_code, first.json()["events"]) == (202, 1)
    assert again.status_code == 202
    one, other = intake.events
    assert isinstance(one, BadgeGranted)
    assert (one.asset, one.holder, one.way, one.at) == ("door.pharmacy", "holder.1", "in", START)
    assert one.id == other.id


async def test_rows_that_cannot_be_read_do_not_hold_up_the_others() -> None:
    intake = MemoryIntake()
    rows = [body(), body(door="nowhere"), 7, body(event="exploded"), body(event="heartbeat"), body(event="band cut")]
    async with webhook(intake) as client:
        told = await post(client, rows)
    assert told.json()["rejected"] == 3
    assert [type(one) for one in intake.events] == [BadgeGranted, DeviceHeard, PanelSignal]
    assert [reject.reason for reject in intake.rejects] == [
        "reader 'nowhere': no asset of the hospital has this address",
        "row 3 is no object",
        "event: the mapping does not say what 'exploded' means",
    ]
    assert "row" in intake.rejects[0].place
    with pytest.raises(UnreadableError):
        AccessWebhook("hook", token=TOKEN).decode(intake.rejects[0].raw, {}, intake)


async def test_lines_of_json_are_taken_too() -> None:
    intake = MemoryIntake()
    async with webhook(intake) as client:
        lines = "\n".join(json.dumps(body(number=str(number))) for number in range(3)).encode()
        assert (await post(client, lines + b"\n{half")).json() == {
            "events": 3,
            "rejected": 1,
            "reasons": [intake.rejects[0].reason],
        }


async def test_strangers_noise_and_a_full_disk_are_refused() -> None:
    intake = MemoryIntake()
    async with webhook(intake, message_mb=0.001) as client:
        assert (await post(client, body(), token="wrong")).status_code == 401
        assert (await post(client, b"x" * 2000)).status_code == 413
        assert (await client.get("/")).status_code == 405
        noise = await post(client, b"\xff\x00")
        intake.room = 0
        full = await post(client, body())
    assert noise.json()["rejected"] == 1
    assert (full.status_code, intake.events) == (507, [])
    assert intake.states["hook"][0] == "failed"


async def test_a_signed_body_needs_its_signature() -> None:
    intake, key = MemoryIntake(), "another-secret-of-ours"
    raw = json.dumps(body()).encode()
    signed = hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()
    async with webhook(intake, token="", key=key) as client:
        good = await client.post("/", content=raw, headers={"x-hub-signature-256": f"sha256={signed}"})
        bad = await client.post("/", content=raw + b" ", headers={"x-hub-signature-256": f"sha256={signed}"})
        none = await client.post("/", content=raw)
    assert [one.status_code for one in (good, bad, none)] == [202, 401, 401]


def test_the_reader_on_the_inside_leads_out() -> None:
    door, intake = AccessWebhook("hook", token=TOKEN), MemoryIntake(hospital=guarded_hospital())
    rows = [body(), body(door="reader-pharmacy-out"), body(door="reader-ward"), body(door="reader-ward-out")]
    events = [list(door.decode(json.dumps(row).encode(), {}, intake)) for row in rows[:3]]
    ways = [one.way for (one,) in events if isinstance(one, BadgeGranted)]
    assert ways == ["in", "out", ""]
    with pytest.raises(UnreadableError):
        door.decode(json.dumps(rows[3]).encode(), {}, intake)


@pytest.mark.parametrize("more", [{}, {"token": "short"}, {"token": TOKEN, "mapping": "nowhere.yaml"}])
def test_a_door_without_a_secret_or_a_mapping_is_not_built(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"needs a token|nowhere\.yaml"):
        AccessWebhook("hook", **more)


async def test_files_are_read_put_away_and_their_bad_rows_can_be_read_again(tmp_path: Path) -> None:
    intake = MemoryIntake()
    (tmp_path / "a.csv").write_text(HEADER + line("granted", 1) + line("opened", 2) + line("gone", 3))
    (tmp_path / "b.csv").write_bytes(b"\xe9;nothing\n1\n")
    door = AccessFolder("table", tmp_path, settle=0.0)
    async with running(door, intake):
        await intake.until(lambda it: it.states.get("table", ("", ""))[1].startswith("b.csv"))
    assert [type(one) for one in intake.events] == [BadgeGranted, DoorOpened]
    bad = next(one for one in intake.rejects if "gone" in one.reason)
    assert bad.place == "a.csv: line 4"
    assert (tmp_path / "bad" / "b.csv").exists()
    mended = bad.raw.replace(b"gone", b"closed")
    assert len(list(door.decode(mended, bad.context, intake))) == 1


@pytest.mark.slow
async def test_a_table_is_followed_and_a_line_is_taken_once(tmp_path: Path) -> None:
    intake, path = MemoryIntake(), tmp_path / "log.csv"
    path.write_text(HEADER + line("granted", 1))
    door = AccessTail("tail", path, every=0.01)
    async with running(door, intake):
        await intake.until(lambda it: len(it.events) == 1)
        with path.open("a") as more:
            more.write(line("opened", 2) + "half;")
        await intake.until(lambda it: len(it.events) == 2)
        with path.open("a") as more:
            more.write("a line\n")
        await intake.until(lambda it: len(it.rejects) == 1)
    async with running(AccessTail("tail", path, every=0.01), intake):
        with path.open("a") as more:
            more.write(line("closed", 3))
        await intake.until(lambda it: len(it.events) == 3)
    assert "columns" in intake.rejects[0].reason


@pytest.mark.slow
async def test_https_with_a_certificate_of_the_sender(tmp_path: Path) -> None:
    intake = MemoryIntake()
    authority, own, key = papers(tmp_path, "platform")
    others, theirs, their_key = papers(tmp_path, "badges")
    door = AccessWebhook("hook", port=0, token=TOKEN, certificate=own, certificate_key=key, clients=others)
    trusting = ssl.create_default_context(cafile=authority)
    showing = ssl.create_default_context(cafile=authority)
    showing.load_cert_chain(theirs, their_key)
    async with running(door, intake):
        url = "https://{}:{}".format(*door.address)
        async with httpx.AsyncClient(base_url=url, verify=showing) as client:
            assert (await post(client, body())).status_code == 202
        async with httpx.AsyncClient(base_url=url, verify=trusting) as client:
            with pytest.raises(httpx.TransportError):
                await post(client, body())
    assert len(intake.events) == 1


async def test_a_certificate_that_can_not_be_read_is_told_and_tried_again(tmp_path: Path) -> None:
    intake = MemoryIntake()
    door = AccessWebhook("hook", port=0, token=TOKEN, certificate=tmp_path / "none.pem")
    async with running(door, intake, listens=False):
        await intake.until(lambda one: one.states.get("hook", ("",))[0] == "failed")
    assert "none.pem" in intake.states["hook"][1]


async def test_the_word_bearer_may_be_written_in_any_way() -> None:
    async with webhook(MemoryIntake()) as client:
        for header, status in ((f"bearer {TOKEN}", 202), (TOKEN, 401), (f"Basic {TOKEN}", 401), ("Bearer x", 401)):
            told = await client.post("/", json=body(), headers={"authorization": header})
            assert told.status_code == status, header


async def test_a_token_is_drawn_where_there_is_none_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "badges.token"
    intake = MemoryIntake()
    async with webhook(intake, token="", token_file=path) as client:
        token = path.read_text().strip()
        assert len(token) >= 32
        assert path.stat().st_mode & 0o077 == 0
        assert (await post(client, body(), token)).status_code == 202
        assert (await post(client, body())).status_code == 401
    async with webhook(intake, token="", token_file=path) as client:
        assert (await post(client, body(), token)).status_code == 202
    path.write_text("short\n")
    with pytest.raises(ValueError, match="at least 16"):
        AccessWebhook("hook", token_file=path)


async def test_a_system_that_posts_nothing_any_more_is_silent() -> None:
    clock = FakeClock()
    intake = MemoryIntake(clock=clock)
    rule = SilentSensor(intake.hospital)
    async with webhook(intake, system="door.pharmacy", every=120.0) as client:
        for _ in range(3):
            assert (await post(client, [])).json()["events"] == 0
            clock.advance(90)
    heard = [one for one in intake.events if isinstance(one, DeviceHeard)]
    assert [(one.asset, one.every) for one in heard] == [("door.pharmacy", 120.0)] * 3
    assert not list(rule.feed(intake.events))
    told = []
    for _ in range(60):
        told += list(rule.tick(clock.advance(30)))
    assert [(one.rule, list(one.assets)) for one in told] == [("sensor.silent", ["door.pharmacy"])]


def test_a_rejected_row_of_a_list_is_read_again_once_its_door_is_known(tmp_path: Path) -> None:
    mapping = tmp_path / "nested.yaml"
    mapping.write_text(
        "name: x\nformat: json\nrecords: data.rows\nfields: {event: e, door: d}\nevents: {x: {alarm: forced}}"
    )
    door, known = AccessWebhook("hook", mapping=str(mapping), token=TOKEN), MemoryIntake()
    events, unread = Rows(mapping_of(str(mapping)), "hook").json(
        b'{"data": {"rows": [{"e": "x", "d": "reader-pharmacy"}, {"e": "x", "d": "later"}]}}', known
    )
    assert (len(events), [one.line for one in unread]) == (1, [2])
    with pytest.raises(UnreadableError, match="later"):
        door.decode(unread[0].raw, {}, known)
    assert door.decode(unread[0].raw.replace(b"later", b"reader-pharmacy"), {}, known)


def rows() -> Rows:
    return Rows(mapping_of("generic"), "table")


def table(*told: tuple[int, str]) -> str:
    moments = [(START + timedelta(seconds=second)).isoformat() for second, _ in told]
    return HEADER + "".join(
        f"{at};reader-pharmacy;{event};B001;;;\n" for at, (_, event) in zip(moments, told, strict=True)
    )


def kinds(text: str, encoding: str = "utf-8") -> list[str]:
    events, unread = rows().read(text.encode(encoding), MemoryIntake())
    assert not unread
    return [type(one).__name__ for one in events]


def test_a_list_that_begins_with_the_newest_is_told_in_the_order_of_time() -> None:
    told = [(-60, "granted"), (-60, "opened"), (-50, "closed"), (-20, "granted"), (-19, "opened"), (-19, "closed")]
    assert kinds(table(*reversed(told))) == kinds(table(*told))
    assert kinds(table(*told))[:3] == ["BadgeGranted", "DoorOpened", "DoorClosed"]
    raw = json.dumps([body(event=one, time=(START - timedelta(seconds=9 - at)).isoformat()) for at, one in told[3:]])
    events, _ = Rows(mapping_of("generic-json"), "hook").read(raw.encode(), MemoryIntake())
    assert [one.at for one in events] == sorted(one.at for one in events)


def test_tables_as_spreadsheets_write_them() -> None:
    plain = table((-9, "granted"), (-8, "opened"))
    expected = kinds(plain)
    assert kinds(plain, "utf-16") == expected
    assert kinds(plain, "utf-8-sig") == expected
    assert kinds("sep=;\r\n" + plain.replace("\n", "\r\n")) == expected
    assert kinds(plain.replace("\n", ";\n")) == expected, "a separator at the end of each line"
    assert kinds(HEADER + plain.removeprefix(HEADER).replace("\n", ";\n")) == expected, "of each row"
    for raw in (plain.encode("utf-16"), b"sep=;\n" + plain.encode(), plain.encode()):
        assert header_of(raw, mapping_of("generic")) == HEADER.strip()
    longer = HEADER + plain.removeprefix(HEADER).replace("\n", ";x\n")
    _, unread = rows().read(longer.encode(), MemoryIntake())
    assert [one.reason for one in unread] == ["has 8 columns, not 7"] * 2


NET2 = """name: Net2
fields: {event: Event, door: Where, time: Date/time, badge: Token, way: Where}
time: {formats: ["%d/%m/%Y %H:%M:%S"]}
ways: {"Pharmacy (In)": in, "Pharmacy (Out)": out}
events: {"Access permitted*": {access: granted}, "Access denied*": {access: denied}, Door forced: {alarm: forced}}
"""


def test_a_door_with_a_name_of_its_own_beside_its_readers(tmp_path: Path) -> None:
    (tmp_path / "net2.yaml").write_text(NET2)
    names = {"reader": "Pharmacy (In)", "reader-out": "Pharmacy (Out)", "reader-door": "Pharmacy"}
    small = small_hospital()
    assets = tuple(
        msgspec.structs.replace(one, addresses=names) if one.id == "door.pharmacy" else one for one in small.assets
    )
    intake = MemoryIntake(hospital=msgspec.structs.replace(small, assets=assets))
    rows = Rows(mapping_of("net2.yaml", tmp_path), "hook")

    def row(where: str, event: str) -> bytes:
        head = "Date/time,Token,Where,Event\n"
        return f"{head}{START:%d/%m/%Y %H:%M:%S},1234,{where},{event}\n".encode()

    def read(where: str, event: str) -> list[tuple[str, str | None, str]]:
        events, unread = rows.read(row(where, event), intake)
        assert not unread
        return [(one.kind, one.asset, str(getattr(one, "way", ""))) for one in events]

    assert read("Pharmacy (In)", "Access permitted") == [("badge.granted", "door.pharmacy", "in")]
    assert read("Pharmacy (Out)", "Access permitted") == [("badge.granted", "door.pharmacy", "out")]
    assert read("Pharmacy", "Door forced") == [("panel.signal", "door.pharmacy", "")]
    _, (unread,) = rows.read(row("Pharmacy", "Access permitted"), intake)
    assert "which way" in unread.reason
