"""MAL source: the same graph as from what the compiler makes of it; wrong, hostile and broken sources are named."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.mal import MalGraph, read_mal
from safecare.formats.mal_language import read_language
from safecare.formats.mal_source import MOST_DEPTH, read_source
from safecare.formats.problem import ModelFileError

CASE = Path(__file__).resolve().parents[1] / "cases" / "mal"
MODEL, LANGUAGE = (CASE / "model.json").read_bytes(), (CASE / "langspec.json").read_bytes()
SOURCE = (CASE / "language.mal").read_bytes()

WARD = b"""
#id: "org.example.ward"
#version: "1.0.0"
include "parts/base.mal"
/* comment
   of two lines */
category Care user info: "what is cared for" {
  abstract asset Device extends Thing {
    let peers = (ports.net.ports.device /\\ ports.net.ports.device[Pump]) - spare
    | reach @hidden {C, I, A} [Bernoulli(0.5) * (Exponential(0.2))] // days
      user info: "somebody gets there"
      -> take,
         peers().take
    & take [Uniform(1, 2.5) + 0.5] +> (ports \\/ spare.ports).probe, ports.(net.ports)*.probe
    # locked [Bernoulli(0.9)] developer info: "a lock"
      -> take
    E plugged <- ports
      -> reach
    !E bare <- ports.net
      -> reach
  }
  asset Pump extends Device { & take }
}
associations {
  Device [device] 1 <-- Plugs --> 0..* [ports] Port user info: "wires"
  Device [owner] 0..1 <-- Spare --> * [spare] Device
}
"""
BASE = b"""category Base { asset Thing { } asset Port { | probe -> device.reach } asset Net { } }
associations { Port [ports] * <-- On --> 1 [net] Net }
include "ward.mal" """


def fetch(path: str) -> bytes:
    if path == "parts/base.mal":
        return BASE
    raise FileNotFoundError(2, "no such file", path)


def plain(graph: MalGraph) -> dict[str, Any]:
    return {name: step._replace(parents=tuple(sorted(step.parents))) for name, step in graph.steps.items()}


def test_the_source_makes_the_graph_that_its_compiled_form_makes() -> None:
    compiled = read_mal(MODEL, "model.json", (LANGUAGE, "langspec.json"))
    assert plain(read_mal(MODEL, "model.json", (SOURCE, "language.mal"))) == plain(compiled)


def test_everything_that_a_source_may_hold() -> None:
    language = read_language(WARD, "ward.mal", fetch)
    assert list(language.assets) == ["Device", "Pump", "Thing", "Port", "Net"]
    steps = {step["name"]: step for step in language.assets["Device"]["attackSteps"]}
    assert [step["type"] for step in steps.values()] == ["or", "and", "defense", "exist", "notExist"]
    assert steps["reach"]["ttc"]["type"] == "multiplication"
    assert steps["take"]["reaches"]["overrides"] is False
    model = {
        "assets": {
            "1": {"name": "a", "type": "Pump", "associated_assets": {"ports": ["3"]}, "defenses": {"locked": 0.0}},
            "2": {"name": "b", "type": "Pump", "associated_assets": {"ports": ["4"]}},
            "3": {"name": "p", "type": "Port", "associated_assets": {"net": ["5"]}},
            "4": {"name": "q", "type": "Port", "associated_assets": {"net": ["5"]}},
            "5": {"name": "n", "type": "Net"},
        },
        "attackers": {"1": {"entry_points": {"a": {"asset_id": "1", "attack_steps": ["reach"]}}}},
    }
    graph = read_mal(json.dumps(model).encode(), "model.json", (WARD, "ward.mal"), fetch)
    assert graph.entries == ("a:reach",)
    assert set(graph.steps["b:take"].parents) == {"a:reach", "b:reach", "b:locked"}
    assert set(graph.steps["p:probe"].parents) == {"a:take", "b:take"}
    assert graph.steps["a:reach"].takes.probability == 0.5
    assert graph.steps["a:plugged"].exists is True


def test_steps_that_change_the_model_are_named() -> None:
    changed = WARD.replace(b"asset Pump extends Device { & take }", b"asset Pump extends Device { & take A> spare.x }")
    changed = changed.replace(b"         peers().take\n", b"         peers().take\n      R> ports.net, (spare).net\n")
    model = {"assets": {"1": {"name": "a", "type": "Pump"}}}
    graph = read_mal(json.dumps(model).encode(), "model.json", (changed, "ward.mal"), fetch)
    assert set(graph.left_out) == {"Pump.take", "Pump.reach"}
    same = read_mal(json.dumps(model).encode(), "model.json", (WARD, "ward.mal"), fetch)
    assert (plain(graph), same.left_out) == (plain(same), ())


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        (b"extends Thing", b"extends Thong", 8, "extends Thong"),
        (b"peers().take", b"pears().take", 13, "no variable pears"),
        (b"<- ports\n", b"<- portals\n", 17, "no field portals"),
        (b"-> take\n", b"-> tack\n", 16, "no step tack"),
        (b"[Pump]", b"[Pomp]", 9, "no asset Pomp"),
        (b"[ports] Port user", b"[ports] Part user", 25, "no asset Part"),
        (b"let peers = (", b"let peers = ((", 10, "is missing"),
        (b'"1.0.0"', b"1.0.0", 3, "no text"),
        (b"include", b"inclode", 4, "include or # or category"),
        (b"parts/base", b"parts/bass", 4, "can't be read"),
        (b"asset Pump extends", b"asset Device extends", 22, "defined twice"),
        (b"let peers = (", b"let peers = peers() \\/ (", 9, "uses itself"),
        (b"& take [Uniform", b"& take ~", 14, "not understood"),
        (b"extends Thing", b"extends Pump", 8, "its own super asset"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(old: bytes, new: bytes, line: int, reason: str) -> None:
    assert old in WARD
    with pytest.raises(ModelFileError) as caught:
        read_language(WARD.replace(old, new, 1), "ward.mal", fetch)
    problems = caught.value.problems
    assert any(reason in one.reason and one.line in {line, 0} for one in problems), problems


def test_hostile_sources_end_with_a_reason() -> None:
    deep = b"category C { asset A { let x = " + b"(" * (MOST_DEPTH + 5) + b"y" + b")" * (MOST_DEPTH + 5) + b" } }"
    endless = b"".join(b'include "f%d.mal"\n' % number for number in range(300))
    for raw in (
        deep,
        endless,
        b"category C {",
        b'include "a',
        b"\xff\xfe",
        b"category C { asset A { | a ->",
        b"/* open",
    ):
        with pytest.raises(ModelFileError):
            read_source(raw, "x.mal", lambda _: b"")
    with pytest.raises(ModelFileError):
        read_language(b"category C { asset A extends A { } }", "x.mal")


@given(st.integers(0, 10**9), st.sampled_from([SOURCE, WARD]))
def test_damaged_sources_raise_only_the_declared_error(seed: int, source: bytes) -> None:
    chance = random.Random(seed)
    raw = bytearray(source)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(raw))
        if chance.random() < 0.5:
            raw[place : place + chance.randint(0, 20)] = b""
        else:
            raw[place:place] = bytes(chance.choice(b'(){}[]|&#E!<->.,*"/\\ =:') for _ in range(chance.randint(1, 4)))
        if not raw:
            return
    with suppress(ModelFileError):
        read_mal(MODEL, "model.json", (bytes(raw), "l.mal"), fetch)
