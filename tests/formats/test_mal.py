"""MAL: the graph of a model and its language is the one that mal-toolbox makes; times; bad files are named."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.mal import MalGraph, Takes, read_mal, takes_of
from safecare.formats.problem import ModelFileError

CASE = Path(__file__).resolve().parents[1] / "cases" / "mal"
MODEL, GRAPH, LANGUAGE = ((CASE / f"{name}.json").read_bytes() for name in ("model", "graph", "langspec"))
SPOKEN = (LANGUAGE, "langspec.json")
DAY = 86_400.0


def without_order(graph: MalGraph) -> dict[str, Any]:
    return {name: step._replace(parents=tuple(sorted(step.parents))) for name, step in graph.steps.items()}


def test_model_and_language_make_the_graph_that_mal_toolbox_makes() -> None:
    found, theirs = read_mal(MODEL, "model.json", SPOKEN), read_mal(GRAPH, "graph.json")
    assert len(theirs.steps) > 100
    assert without_order(found) == without_order(theirs)
    assert found.entries == ("h0:connect",)


def test_yaml_archives_and_older_models_say_the_same() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("langspec.json", LANGUAGE)
    document = json.loads(MODEL)
    wanted = without_order(read_mal(MODEL, "model.json", SPOKEN))
    assert without_order(read_mal(yaml.safe_dump(document).encode(), "m.yml", (archive.getvalue(), "l.mar"))) == wanted
    old: dict[str, Any] = {"assets": {}, "associations": []}
    for id, asset in document["assets"].items():
        old["assets"][id] = {
            "name": asset["name"],
            "metaconcept": asset["type"],
            "defenses": {name: str(value) for name, value in asset.get("defenses", {}).items()},
        }
    inverse = {"networks": "hosts", "users": "owns", "data": "holders", "parent": "children", "networks2": "routers"}
    for id, asset in document["assets"].items():
        for field, others in asset.get("associated_assets", {}).items():
            if field in inverse:
                sides = {inverse[field]: [id], field: list(others)}
                old["associations"].append({"metaconcept": "Any", "association": sides})
    assert without_order(read_mal(json.dumps(old).encode(), "old.json", SPOKEN)) == wanted


@pytest.mark.parametrize(
    ("ttc", "takes"),
    [
        (None, Takes()),
        ({"type": "number", "value": 2}, Takes(2 * DAY, 2 * DAY, 2 * DAY)),
        ({"type": "function", "name": "Exponential", "arguments": [0.5]}, Takes(0.0, 2 * DAY, inf)),
        ({"type": "function", "name": "HardAndUncertain", "arguments": []}, Takes(0.0, 10 * DAY, inf, 0.5)),
        ({"type": "function", "name": "Uniform", "arguments": [1, 3]}, Takes(DAY, 2 * DAY, 3 * DAY)),
        (
            {
                "type": "multiplication",
                "lhs": {"type": "function", "name": "Bernoulli", "arguments": [0.25]},
                "rhs": {"type": "function", "name": "Exponential", "arguments": [1.0]},
            },
            Takes(0.0, DAY, inf, 0.25),
        ),
    ],
)
def test_times_are_days_and_chances(ttc: object, takes: Takes) -> None:
    assert takes_of(ttc, "step", "f") == takes


@pytest.mark.parametrize("name", ["Gamma", "LogNormal", "Pareto", "TruncatedNormal"])
def test_other_distributions_stand_in_order(name: str) -> None:
    low, usual, high, chance = takes_of({"type": "function", "name": name, "arguments": [2.0, 1.5]}, "step", "f")
    assert 0.0 <= low <= usual <= high
    assert chance == 1.0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"a: &x [1]\nattack_steps: *x",
        b'{"attack_steps": []}',
        b'{"attack_steps": {"a:b": {"type": "maybe"}}}',
        b'{"attack_steps": {"a:b": {"type": "or", "parents": {"1": "no:one"}}}}',
        b'{"attack_steps": {"a": {"type": "or", "ttc": {"type": "function", "name": "Pareto", "arguments": [0]}}}}',
        b'{"attack_steps": {"a": {"type": "or", "ttc": {"type": "function", "name": "Bernoulli", "arguments": [2]}}}}',
        b'{"attack_steps": {"a:b": {"type": "or", "ttc": {"type": "division"}}}}',
        b'{"attack_steps": {}, "attackers": {"1": {"entry_points": {"0": "x:y"}}}}',
        b'{"assets": {"1": {"type": "Nothing"}}}',
        b'{"assets": {"1": {"type": "Host", "associated_assets": {"networks": {"7": "n"}}}}}',
        b'{"assets": {"1": {"type": "Host", "defenses": {"hardened": 3}}}}',
        b'{"assets": 5}',
        b'{"assets": {"1": {"type": "Host"}}, "attackers": {"2": {"entry_points": {"9": {}}}}}',
    ],
)
def test_what_can_t_be_read_is_named_with_its_file(raw: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"^m\.json"):
        read_mal(raw, "m.json", SPOKEN)


def test_a_model_without_its_language_is_not_guessed() -> None:
    with pytest.raises(ModelFileError, match="needs its language"):
        read_mal(MODEL, "m.json")


@pytest.mark.parametrize(
    "raw", [b"PK\x03\x04 no archive", b"{}", b'{"assets": [{"name": "Host", "superAsset": "Host"}]}']
)
def test_a_language_that_is_none_is_named(raw: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"^(l\.mar|m\.json)"):
        read_mal(MODEL, "m.json", (raw, "l.mar"))


@given(st.integers(0, len(LANGUAGE)), st.binary(max_size=6), st.booleans())
def test_damaged_files_raise_nothing_else(at: int, noise: bytes, of_language: bool) -> None:
    whole = LANGUAGE if of_language else MODEL
    at %= len(whole)
    torn = whole[:at] + noise + whole[at + len(noise) :]
    with suppress(ModelFileError):
        read_mal(MODEL if of_language else torn, "m.json", (torn, "l.json") if of_language else SPOKEN)
