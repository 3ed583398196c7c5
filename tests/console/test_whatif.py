"""The impact graph over HTTP: in the reader's language, for those who may, and with what they try out."""

from __future__ import annotations

from typing import Any

import pytest
from console_rig import Rig

from safecare.testing.cascade import incident_of, theft_alerts

pytest_plugins = ["console_fixtures"]
ALERTS = theft_alerts()
INCIDENT = incident_of(ALERTS)
PATH = f"/api/incidents/{INCIDENT.id}"


async def what_if(rig: Rig, body: dict[str, Any], role: str = "analyst") -> Any:
    async with rig.browser(role) as browser:
        answer = await browser.post(f"{PATH}/what-if", json=body)
    return answer.json() if answer.status_code == 200 else answer.status_code


@pytest.mark.slow
async def test_graph_and_a_thing_kept_from_harm(story: Rig) -> None:
    async with story.browser("operator", **{"accept-language": "fr"}) as browser:
        graph = (await browser.get(f"{PATH}/graph")).json()
    freezer = next(node for node in graph["nodes"] if node["id"] == "freezer.1")
    assert freezer["group_name"] == "Chaîne du froid"
    assert {state["state_name"] for state in freezer["states"]} >= {"Hors service"}
    assert graph["gain"] is None
    changed = await what_if(story, {"spare": ["freezer.1"], "at": 0})
    assert "freezer.1" not in {node["id"] for node in changed["nodes"]}
    assert changed["gain"]["mean"] > 0
    assert changed["loss_without"] == graph["loss"]
    assert not story.acts()  # nothing is done, nothing is recorded


@pytest.mark.slow
async def test_what_can_not_be_tried(story: Rig) -> None:
    assert await what_if(story, {"actions": ["no-such-playbook:freezer.1"]}) == 404
    assert await what_if(story, {"at": -1}) == 422
    assert await what_if(story, {"spare": ["x"] * 101}) == 422
    assert await what_if(story, {}, "guard") == 403
    assert await what_if(story, {}, "liaison") == 403
    # Names that nothing bears change nothing.
    same = await what_if(story, {"spare": ["no.such.thing"], "off": ["no.such.rule"]})
    assert same["gain"] is None


async def test_nothing_of_an_incident_that_is_not_there(rig: Rig) -> None:
    async with rig.browser("operator") as browser:
        assert (await browser.get("/api/incidents/nothing/graph")).status_code == 404


@pytest.mark.slow
async def test_the_process_that_plays_may_die_and_comes_again(story: Rig) -> None:
    assert (await what_if(story, {}))["gain"] is None
    (process,) = story.app.state.player._pool._processes.values()
    process.kill()
    process.join()
    statuses = [await what_if(story, {}) for _ in range(2)]
    assert statuses[-1]["gain"] is None  # at most one question is lost with it, and says so
