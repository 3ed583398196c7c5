"""A MAL model carried out on a hospital: order, defences, chances, and what nobody knows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from safecare import cli
from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Draws, Outcome
from safecare.cascade.words import Fact
from safecare.formats.mal import read_mal
from safecare.impact.mal import mal_on
from safecare.model.forecast import State
from safecare.testing.hospital import small_hospital

pytestmark = pytest.mark.slow
SAMPLES = 4_000
DAY = 86_400.0


def graph(**changed: object) -> bytes:
    """Phishing leads to access on "Records" after a day on average, unless it is hardened."""

    def step(kind: str, *parents: str, ttc: object = None, **more: object) -> dict[str, object]:
        return {"type": kind, "ttc": ttc, "parents": dict(enumerate(parents)), **more}

    exponential = {"type": "function", "name": "Exponential", "arguments": [1.0]}
    chance = {"type": "function", "name": "Bernoulli", "arguments": [0.25]}
    steps = {
        "User:lure": step("or"),
        "Records:hardened": step("defense", ttc=chance),
        "Records:hasUsers": step("exist", existence_status=changed.get("exists", True)),
        "Records:fullAccess": step(
            "and", "User:lure", "Records:hardened", "Records:hasUsers", ttc=changed.get("ttc", exponential)
        ),
    }
    return json.dumps({"attack_steps": steps, "attackers": {"1": {"entry_points": {"0": "User:lure"}}}}).encode()


def played(raw: bytes) -> Outcome:
    hospital = small_hospital()
    attack = mal_on(hospital, read_mal(raw, "m.json"), {"Records": "app.appointments"})
    assert attack.unmatched == ("User",)
    cascade = Cascade.of(hospital, horizon=30 * DAY, more=attack.rules)
    return cascade.play(attack.seeds, Draws(cascade.system, 1, SAMPLES))[0]


def test_a_step_follows_after_its_time_unless_it_is_defended() -> None:
    hit = played(graph()).start(Fact("app.appointments", State.COMPROMISED))
    share = float(np.isfinite(hit).mean())
    assert share == pytest.approx(0.75, abs=4 * (0.75 * 0.25 / SAMPLES) ** 0.5)
    assert float(hit[np.isfinite(hit)].mean()) == pytest.approx(DAY, rel=0.08)


def test_what_asks_for_a_thing_that_is_missing_never_follows() -> None:
    assert played(graph(exists=False)).row(Fact("app.appointments", State.COMPROMISED)) is None


def test_the_command_carries_a_model_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as end:
            cli.main(["impact", "forecast", "demo", *words])
        return int(end.value.code or 0)

    file = tmp_path / "m.mal.json"
    file.write_bytes(graph())
    assert run("--model", str(file), "--map", "Records=server.appointments", "--samples", "100", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert any(one["target"] == "server.appointments" and one["state"] == "compromised" for one in told["effects"])
    assert told["unknown"] == ["User"]
    assert run("--model", str(file)) == 1
    assert "name them with --map" in capsys.readouterr().err
    assert run("--model", str(file), "--map", "Records=nothing") == 2
    case = Path(__file__).resolve().parents[1] / "cases" / "mal"
    assert run("--model", str(case / "model.json")) == 1
    assert "needs its language" in capsys.readouterr().err
    language = ("--model-language", str(case / "langspec.json"))
    assert run("--model", str(case / "model.json"), *language, "--map", "h1=server.mail", "--samples", "50") == 0
