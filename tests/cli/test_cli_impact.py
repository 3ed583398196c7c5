"""``safecare impact``: what is printed, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from safecare.cli import impact_cut, impact_fault_tree, impact_forecast

pytestmark = pytest.mark.slow
runner = CliRunner()
TREE = """<opsa-mef><define-fault-tree name="t">
<define-gate name="top"><or><basic-event name="a"/><basic-event name="b"/></or></define-gate>
<define-gate name="other"><and><gate name="top"/><basic-event name="a"/></and></define-gate></define-fault-tree>
<model-data><define-basic-event name="a"><float value="0.1"/></define-basic-event>
<define-basic-event name="b"><float value="0.2"/></define-basic-event></model-data></opsa-mef>"""


def test_fault_tree(tmp_path: Path) -> None:
    file = tmp_path / "tree.xml"
    file.write_text(TREE)
    assert runner.invoke(impact_fault_tree.app, [str(file)]).output == "1.00000000e-01\n"
    assert runner.invoke(impact_fault_tree.app, [str(file), "--top", "top"]).output == "2.80000000e-01\n"
    told = json.loads(runner.invoke(impact_fault_tree.app, [str(file), "--top", "top", "--json"]).output)
    assert told["probability"] == pytest.approx(0.28)
    missing = runner.invoke(impact_fault_tree.app, [str(tmp_path / "none.xml")])
    assert (missing.exit_code, missing.output) == (1, f"{tmp_path / 'none.xml'}: No such file or directory\n")
    wrong = runner.invoke(impact_fault_tree.app, [str(file), "--top", "nothing"])
    assert (wrong.exit_code, wrong.output) == (1, f"{file}: there is no gate nothing\n")


def test_cut(tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    nodes: list[dict[str, object]] = [
        {"id": "a", "type": "sensor", "value": "2"},
        {"id": "b", "type": "sensor", "value": 1.5},
    ]
    joined = {"id": "t", "type": "or", "value": "none"}
    edges = [{"source": one, "target": "t"} for one in ("a", "b")]
    file.write_text(json.dumps({"graph": {"target": "t", "nodes": [*nodes, joined], "edges": edges}}))
    assert runner.invoke(impact_cut.app, [str(file)]).output == "cost 3.5\nnodes a b\n"
    told = json.loads(runner.invoke(impact_cut.app, [str(file), "--json"]).output)
    assert (told["cost"], told["nodes"]) == (3.5, ["a", "b"])
    nodes[0]["value"] = "inf"
    file.write_text(json.dumps({"graph": {"target": "t", "nodes": [*nodes, joined], "edges": edges}}))
    assert runner.invoke(impact_cut.app, [str(file)]).exit_code == 3


def forecast(*arguments: str) -> dict[str, object]:
    result = runner.invoke(impact_forecast.app, ["demo", "--json", "--samples", "200", *arguments])
    assert result.exit_code == 0, result.output
    told: dict[str, object] = json.loads(result.stdout)
    return told


def test_forecast_and_what_if() -> None:
    told = forecast("--fact", "COMP(server.appointments)@1h", "--fact", "DOWN(nowhere)", "--horizon", "48h")
    assert told["unknown"] == ["nowhere"]
    assert told["horizon"] == 48 * 3600.0
    effects = {(one["target"], one["state"]): one for one in told["effects"]}  # type: ignore[attr-defined]
    hit = effects["service.outpatient", "degraded"]
    assert hit["interval"][0] <= hit["probability"] <= hit["interval"][1]
    assert hit["path"][0]["text"] == "Stated: COMP(server.appointments)@1h"
    assert all(hop["rule"] for hop in hit["path"][1:])
    rules = sorted({hop["rule"] for hop in hit["path"][1:]})
    what_if = [word for rule in rules for word in ("--what-if", f"off({rule})@0")]
    other = forecast("--fact", "COMP(server.appointments)@1h", "--horizon", "48h", *what_if)
    assert other["what_if"]["gain"]["mean"] > 0.0  # type: ignore[index]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["demo", "--fact", "BROKEN(server.appointments)"], 2),
        (["demo", "--fact", "DOWN(server.appointments)@-1h"], 2),
        (["demo", "--fact", "DOWN(server.appointments)@nan"], 2),
        (["demo", "--fact", "DOWN(server.appointments):1.5"], 2),
        (["demo", "--fact", "DOWN(server.appointments)@1h", "--fact", "DOWN(server.appointments)@2h"], 2),
        (["demo", "--fact", "DOWN(server.appointments)", "--what-if", "off(no.such.rule)"], 2),
        (["demo", "--fact", "DOWN(server.appointments)", "--horizon", "-3h"], 2),
        (["demo", "--fact", "DOWN(server.appointments)", "--map", "a=b"], 2),
        (["demo", "--fact", "DOWN(server.appointments)", "--mode", "published", "--what-if", "off(*)"], 2),
        (["demo", "--fact", "DOWN(nothing)"], 1),
        (["/no/such/folder", "--fact", "DOWN(nothing)"], 1),
    ],
)
def test_what_can_not_be_understood_is_named(arguments: list[str], code: int) -> None:
    result = runner.invoke(impact_forecast.app, arguments)
    assert result.exit_code == code
    assert "Traceback" not in result.output
    assert result.output.strip()


def test_published_scores() -> None:
    result = runner.invoke(impact_forecast.app, ["demo", "--fact", "DOWN(board.aurore.north)", "--mode", "published"])
    told = json.loads(result.stdout)
    assert told["gamma"] == "sum"
    assert all(0.0 <= one["score"] <= 1.0 for one in told["impacts"])


def test_what_begins_after_the_horizon_is_not_called_harmless() -> None:
    late = ["demo", "--samples", "50", "--fact", "DOWN(server.appointments)@80h"]
    result = runner.invoke(impact_forecast.app, late)
    assert result.exit_code == 0
    assert "server.appointments: begins at the horizon or after it; nothing is said about it" in result.stderr
