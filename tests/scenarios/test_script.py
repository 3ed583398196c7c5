"""Scenario files: those of the package can be played in the demo hospital, and mistakes are told with their place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.app.files import demo_hospital, hospital_of
from safecare.scenarios.inputs.api import Input, inputs
from safecare.scenarios.inputs.mqtt import Mqtt
from safecare.scenarios.script import ScenarioError, load, scenario_files, scenarios

HEAD = "name: x\ntitle: X\ndescription: X\nchecks: {incident: none}\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "x.yaml"
    path.write_text(text)
    return path


def test_the_story_and_its_quiet_twin_are_there() -> None:
    found = scenarios()
    assert {"vaccine-theft", "vaccine-day-normal"} <= set(found)
    assert not found["vaccine-theft"].quiet
    assert found["vaccine-day-normal"].quiet


@pytest.mark.parametrize("play", [0, 1, 2])
@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: path.stem)
def test_everything_named_is_in_the_demo_hospital(path: Path, play: int) -> None:
    scenario = load(path, play)
    hospital = hospital_of(demo_hospital()).hospital
    for step in scenario.steps:
        for expect in step.expect:
            assert [one for one in (*expect.assets, *expect.zones) if hospital.thing(one) is None] == []
        for one in step.inputs:
            for name in ("asset", "station", "server", "camera"):
                value = getattr(one, name, "")
                assert not value or hospital.asset(value), f"{step.id}: {value}"
            assert one.text().key


def test_plays_differ_where_rules_tell_a_thing_once() -> None:
    path = next(one for one in scenario_files() if one.stem == "vaccine-theft")
    first, second = (load(path, play).steps[0].expect[0].assets for play in (0, 1))
    assert first != second


def test_every_kind_of_input_is_found() -> None:
    assert {"mail", "eve", "capture", "hl7", "clip", "mqtt", "modbus", "pause"} <= set(inputs().parts)
    assert not inputs().missing
    assert all(issubclass(kind, Input) for kind in inputs().parts.values())


def test_names_are_filled_at_every_depth(tmp_path: Path) -> None:
    text = HEAD + (
        "vary: {code: [one, two]}\nsteps: [{id: a, title: A, inputs: [{mqtt: {topic: t, says: [{badge: $code}]}}]}]\n"
    )
    step = load(write(tmp_path, text), 1).steps[0]
    assert step.inputs == (Mqtt(says=({"badge": "two"},), topic="t"),)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("steps: [{id: a, title: A, inputs: [{knock: {}}]}]", r"no input is called knock.*steps\[0\]\.inputs\[0\]"),
        ("steps: [{id: a, title: A, inputs: [{pause: {}}]}]", r"seconds.*steps\[0\]\.inputs\[0\]"),
        ("steps: [{id: a, title: A, inputs: [{pause: {seconds: 1}, eve: {}}]}]", "one key"),
        ("steps: [{id: a, title: A, inputs: [], colour: red}]", "colour"),
        ("steps: [", r"x\.yaml:\d+: "),
        ("steps: []\nvary: {code: []}", "nothing to vary"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, steps: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        load(write(tmp_path, HEAD + steps))


def test_a_file_that_is_not_there_or_too_large_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="over the limit"):
        load(write(tmp_path, " " * ((1 << 20) + 1)))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_told(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("scenario") / "x.yaml"
    path.write_bytes(raw)
    with pytest.raises(ScenarioError):
        load(path)
