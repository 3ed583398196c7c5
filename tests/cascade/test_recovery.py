"""Recovery by crews: order, alternatives, travel, and that it never costs care."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest

from safecare import cli
from safecare.cascade.engine import Cascade
from safecare.cascade.recovery import Crews, Recovery, recover
from safecare.cascade.simulate import Draws
from safecare.cascade.words import Fact, Figure, Seed
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Dependency, Hospital, Service, Site
from safecare.model.text import say

HOUR = 3600.0
WORK = {"it": Figure.exactly(4 * HOUR), "network": Figure.exactly(1 * HOUR)}


def thing(id: str, site: str = "a", **more: Any) -> dict[str, Any]:
    return {"id": id, "site": site, "name": {"en": id, "fr": id}, "kind": "server", "group": "it", **more}


def needs(of: str, *on: str, at_least: int | None = None) -> Dependency:
    row: dict[str, Any] = {"id": f"{of}>{'+'.join(on)}", "kind": "needs", "of": of, "on": list(on)}
    return msgspec.convert(row if at_least is None else {**row, "at_least": at_least}, Dependency)


def hospital(assets: list[dict[str, Any]], services: list[dict[str, Any]], *dependencies: Dependency) -> Cascade:
    sites = {row["site"] for row in assets}
    made = msgspec.structs.replace(
        Hospital.empty(),
        sites=tuple(msgspec.convert({"id": id, "name": {"en": id, "fr": id}}, Site) for id in sorted(sites)),
        assets=tuple(msgspec.convert(row, Asset) for row in assets),
        services=tuple(msgspec.convert(row, Service) for row in services),
        dependencies=dependencies,
    )
    return Cascade.of(made, horizon=72 * HOUR)


def service(id: str, arrivals: float) -> dict[str, Any]:
    figures = {"arrivals": arrivals, "capacity": arrivals, "stay": 1.0}
    return {"id": id, "site": "a", "name": {"en": id, "fr": id}, "kind": "outpatient", **figures}


def brought_back(cascade: Cascade, crews: Crews, *down: str) -> Recovery:
    seeds = [Seed(key=f"s.{one}", fact=Fact(one, State.DOWN), text=say("Seen")) for one in down]
    return recover(cascade, seeds, Draws(cascade.system, 1, 4), crews)


def hours(found: Recovery) -> dict[str, float]:
    return {id: float(row[0]) / HOUR for id, row in zip(found.order, found.finished, strict=True)}


TWO = (
    [thing("small"), thing("large"), thing("net", group="network", kind="network")],
    [service("service.small", 1.0), service("service.large", 100.0)],
    needs("service.small", "small"),
    needs("service.large", "large"),
    needs("large", "net"),
)


def test_one_crew_works_on_what_the_heaviest_service_hangs_on_first() -> None:
    cascade = hospital(*TWO)
    found = brought_back(cascade, Crews(1, begin=2 * HOUR, work=WORK), "small", "large", "net")
    assert hours(found) == {"net": 3.0, "large": 7.0, "small": 11.0}
    assert float(found.back("service.large")[0]) == 7 * HOUR
    assert found.repaired(7 * HOUR) == pytest.approx(2 / 3)


def test_a_second_crew_waits_for_what_a_thing_hangs_on_only() -> None:
    cascade = hospital(*TWO)
    assert hours(brought_back(cascade, Crews(2, work=WORK), "small", "large", "net")) == {
        "net": 1.0,
        "large": 5.0,
        "small": 5.0,
    }


def test_what_is_not_damaged_itself_comes_back_with_its_cause() -> None:
    found = brought_back(hospital(*TWO), Crews(1, work=WORK), "net")
    assert hours(found) == {"net": 1.0}
    assert found.after.end(Fact("large", State.DOWN)).tolist() == [1 * HOUR] * 4


def test_of_two_alternatives_the_first_that_is_back_is_enough() -> None:
    pair = [thing("one"), thing("other")]
    cascade = hospital(pair, [service("care", 10.0)], needs("care", "one", "other", at_least=1))
    found = brought_back(cascade, Crews(1, work=WORK), "one", "other")
    assert sorted(hours(found).values()) == [4.0, 8.0]
    assert float(found.back("care")[0]) == 4 * HOUR


def test_the_way_to_another_site_counts() -> None:
    apart = [thing("here"), thing("there", site="b")]
    found = brought_back(hospital(apart, []), Crews(1, travel=2 * HOUR, work=WORK), "here", "there")
    assert sorted(hours(found).values()) == [4.0, 10.0]


def test_no_crew_makes_care_worse_and_no_crew_is_no_recovery() -> None:
    cascade = hospital(*TWO)
    found = brought_back(cascade, Crews(1, work={"it": Figure(HOUR, 5 * HOUR, 90 * HOUR)}), "small", "net")
    without, with_them = (care.total for care in found.care)
    assert (with_them <= without + 1e-9).all()
    assert (with_them < without).any()
    assert np.isfinite(found.finished).all()
    with pytest.raises(ValueError, match="no crew"):
        brought_back(cascade, Crews(0), "net")


@pytest.mark.slow
def test_the_command_tells_order_curve_and_care(capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as end:
            cli.main(["impact", "recover", "demo", *words])
        return int(end.value.code or 0)

    given = ("--fact", "DOWN(server.appointments)@0", "--samples", "20")
    assert run(*given, "--crews", "2", "--hours", "it=1,2,4", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["order"][0]["asset"] == "server.appointments"
    assert told["repaired"][-1][1] == 1.0
    assert told["patient_hours"][1] <= told["patient_hours"][0]
    assert run(*given) == 0
    assert "with 3" in capsys.readouterr().out
    assert run(*given, "--hours", "it=4,2,1") == 2
    assert run(*given, "--begin", "soon") == 2
    assert run("--fact", "DOWN(no.such)@0") == 1
    assert run("--fact", "BROKEN(x)") == 2
