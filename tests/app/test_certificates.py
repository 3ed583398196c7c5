"""Certificates of doors: what the health page and the rule get to know, by real files."""

from __future__ import annotations

from pathlib import Path

import pytest

from safecare.app.certificates import Certificates, Papers, read
from safecare.app.doors import build_doors
from safecare.app.health import Doors
from safecare.formats.hospital import DoorSpec
from safecare.model.events.platform import CertificateSeen
from safecare.settings import Settings
from safecare.testing.clock import FakeClock
from safecare.testing.intake import MemoryIntake
from safecare.testing.papers import DAYS, papers


async def test_a_renewal_that_can_not_be_used_is_told_and_so_is_the_next_that_can(tmp_path: Path) -> None:
    mine, clock = papers(tmp_path), FakeClock()
    states, intake = Doors(clock), MemoryIntake(clock=clock)
    looking = Certificates(lambda: {"tags": Papers(mine.certificate, mine.key)}, states, lambda: intake)

    async def looked() -> tuple[str, str, CertificateSeen]:
        await looking.look()
        (row,) = states.states()
        event = intake.events[-1]
        assert isinstance(event, CertificateSeen)
        assert (row.door, event.door, event.site) == ("tags/certificate", "tags", "aurore")
        return row.state, row.detail, event

    state, detail, event = await looked()
    assert (state, detail) == ("ok", "until 2120-01-01 00:00 UTC")
    assert (event.begins, event.ends, event.wrong) == (*DAYS, "")
    mine.key.write_bytes(papers(tmp_path, "other").key.read_bytes())
    state, detail, event = await looked()
    assert state == "failed"
    assert "can't be used" in detail
    assert str(mine.key) in event.wrong
    assert event.ends == DAYS[1]
    papers(tmp_path)
    assert (await looked())[0] == "ok"
    intake.room = 0
    await looking.look()


@pytest.mark.parametrize("raw", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_files_that_are_none_are_told(tmp_path: Path, raw: bytes | None) -> None:
    file = tmp_path / "a.pem"
    if raw is not None:
        file.write_bytes(raw)
    begins, ends, wrong = read(Papers(file))
    assert begins is None
    assert ends is None
    assert wrong.startswith(str(file))


def test_the_papers_of_doors_are_known_by_their_settings(tmp_path: Path) -> None:
    mine = papers(tmp_path)
    common = {"certificate": str(mine.certificate)}
    specs = (
        DoorSpec(
            id="tags",
            source="fhir-rtls",
            settings={**common, "certificate_key": str(mine.key), "key": "a-key-to-sign-with"},
        ),
        DoorSpec(id="mqtt", source="mqtt", settings={**common, "key": str(mine.key)}),
        DoorSpec(id="plain", source="mqtt", settings={}),
    )
    built = build_doors(specs, Settings(), {}, tmp_path)
    assert not built.failed
    assert built.papers == {"tags": Papers(mine.certificate, mine.key), "mqtt": Papers(mine.certificate, mine.key)}
