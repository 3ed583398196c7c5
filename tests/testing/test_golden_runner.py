"""The runner of golden cases: what it accepts, and how it tells what differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.events.building import FireSignal
from safecare.model.ids import AssetId, SiteId, ZoneId
from safecare.testing.cases import CaseError, cases, folder_name, load

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
FIRE = FireSignal(
    id=Event.id_for(AT, "test", "1"),
    at=AT,
    seen=AT,
    source="test",
    site=SiteId("aurore"),
    asset=AssetId("fire.technical.north"),
    zone=ZoneId("aurore.technical.north"),
    state="alarm",
)


def case(tmp_path: Path, expect: str, *events: Event) -> Path:
    folder = tmp_path / "fire_alarm" / "speaking-name"
    folder.mkdir(parents=True)
    (folder / "expect.yaml").write_text(expect)
    (folder / "input.jsonl").write_bytes(b"\n".join(encode_event(event) for event in events) + b"\n")
    return folder


def test_expected_alerts_pass(tmp_path: Path) -> None:
    text = "alerts:\n  - {rule: fire.alarm, count: 1, zones: [aurore.technical.north], severity_min: 40}\n"
    folder = case(tmp_path, text, FIRE)
    assert cases(tmp_path) == [folder]
    load(folder).check()


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("quiet: true", "not expected: fire.alarm"),
        ("alerts: [{rule: fire.alarm, count: 2}]", "expected 2 of rule fire.alarm, got 1"),
        ("alerts: [{rule: fire.alarm, zones: [aurore.pharmacy]}]", "zones ('aurore.pharmacy',), got 0"),
        ("alerts: [{rule: fire.alarm, severity_max: 1}]", "severity_max 1, got 0"),
        ("alerts: [{rule: fire.alarm, first: 2020-01-01T00:00:00Z}]", "got 0"),
        ("alerts: [{rule: other}]", "expected 1 of rule other, got 0"),
    ],
)
def test_differences_are_told(tmp_path: Path, expect: str, told: str) -> None:
    with pytest.raises(CaseError) as error:
        load(case(tmp_path, expect, FIRE)).check()
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("{}", "either list alerts or say quiet"),
        ("quiet: true\nalerts: [{rule: x}]", "either list alerts or say quiet"),
        ("quiet: true\nhospital: large", "no hospital is called large"),
        ("quiet: true\nlouder: 1", "unknown field"),
        ("quiet: [", "expect.yaml"),
    ],
)
def test_a_case_that_makes_no_sense_is_refused(tmp_path: Path, expect: str, told: str) -> None:
    with pytest.raises(CaseError, match=told):
        load(case(tmp_path, expect, FIRE))


def test_a_bad_line_is_told_with_its_number(tmp_path: Path) -> None:
    folder = case(tmp_path, "quiet: true", FIRE)
    (folder / "input.jsonl").write_bytes(encode_event(FIRE) + b"\n{}\n")
    with pytest.raises(CaseError, match=r"input\.jsonl:2"):
        load(folder)


def test_an_unknown_detector_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no detector is called nobody"):
        load(case(tmp_path, "quiet: true\ndetectors: [nobody]", FIRE)).check()


def test_time_passes_after_the_last_event(tmp_path: Path) -> None:
    until = (AT + timedelta(minutes=30)).isoformat()
    load(case(tmp_path, f"alerts: [{{rule: fire.alarm}}]\ntick_to: {until}", FIRE)).check()


def test_folders_are_called_after_detectors() -> None:
    assert folder_name("reading.out-of-range") == "reading_out_of_range"
