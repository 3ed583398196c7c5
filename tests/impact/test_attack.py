"""Attack flows on a hospital: order of the steps, what they act on, and what nobody knows."""

from __future__ import annotations

import json

import pytest

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import Draws
from safecare.cascade.words import Fact
from safecare.formats.attack_flow import read_attack_flow
from safecare.formats.problem import ModelFileError
from safecare.impact.attack import attack_on
from safecare.model.forecast import State
from safecare.testing.hospital import small_hospital


def flow() -> bytes:
    """Phishing, then encryption of a thing called "Records"; another thing is touched by nobody."""
    boxes: dict[str, tuple[str, object]] = {
        "a": ("action", [["name", "Phishing"], ["technique_id", "T1566.001"]]),
        "b": ("action", [["name", "Encryption"], ["technique_id", "T1486"]]),
        "c": ("asset", [["name", "Records"]]),
        "d": ("asset", [["name", "Printer"]]),
    }
    objects: list[dict[str, object]] = []
    for id, (kind, properties) in boxes.items():
        anchor: dict[str, object] = {
            "id": "horizontal_anchor",
            "instance": f"{id}.anchor",
            "latches": [f"{id}.in", f"{id}.out"],
        }
        objects += [{"id": kind, "instance": id, "properties": properties, "anchors": {"0": f"{id}.anchor"}}, anchor]
        objects += [{"id": "generic_latch", "instance": f"{id}.{end}"} for end in ("in", "out")]
    for one, other in (("a", "b"), ("b", "c")):
        line: dict[str, object] = {
            "id": "dynamic_line",
            "instance": f"{one}>{other}",
            "source": f"{one}.out",
            "target": f"{other}.in",
        }
        objects.append(line)
    return json.dumps({"schema": "attack_flow_v2", "objects": objects}).encode()


@pytest.mark.slow
def test_steps_follow_each_other_and_act_on_what_they_name() -> None:
    hospital = small_hospital()
    attack = attack_on(hospital, read_attack_flow(flow(), "f.afb"), {"Records": "app.appointments"})
    assert attack.unmatched == ("Printer",)
    cascade = Cascade.of(hospital, more=attack.rules)
    outcome, _ = cascade.play(attack.seeds, Draws(cascade.system, 1, 200))
    hit = outcome.start(Fact("app.appointments", State.DOWN))
    assert ((hit >= 600.0) & (hit <= 86_400.0)).all()
    with pytest.raises(KeyError):
        attack_on(hospital, read_attack_flow(flow(), "f.afb"), {"Records": "nothing"})


@pytest.mark.parametrize("raw", [b"", b"[1]", b"{}", b'{"objects": [1]}', b'{"objects": []}', flow()[:-20]])
def test_what_is_no_flow_is_named(raw: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"f\.afb"):
        read_attack_flow(raw, "f.afb")
