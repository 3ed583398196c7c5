"""The impact graph of an incident, and what a person tries out on it: played by the server's own cascade."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import NO_CHANGES, Changes
from safecare.console.deps import ConsoleDeps
from safecare.console.incidents import Incidents
from safecare.console.outlook import GROUPS, STATES
from safecare.console.rights import may_see
from safecare.console.web import ProblemError, answer, read_struct, visitor_of, words_of
from safecare.console.wire.graph import CauseView, EdgeView, GainView, GraphView, HoldingView, NodeView, WhatIf
from safecare.console.words import Words
from safecare.decide.effects import RuleIndex, change_of
from safecare.decide.playbook import built_in_playbooks
from safecare.impact.graph import Node
from safecare.impact.whatif import Looked, kept_from_harm, look_at, together
from safecare.model.alert import Alert
from safecare.model.hospital import Hospital
from safecare.model.incident import Incident
from safecare.model.text import say

WAIT = 20.0
"""Seconds that a person waits for those who asked before (chosen: some plays of a large hospital)."""


class Player:
    """Plays incidents, one at a time. Compiled when first asked, and anew when the hospital has changed. Blocking."""

    def __init__(self) -> None:
        """Begin with nothing compiled."""
        self._lock = threading.Lock()
        self._compiled: tuple[Cascade, RuleIndex] | None = None

    def look(self, hospital: Hospital, incident: Incident, alerts: Sequence[Alert], ask: WhatIf) -> Looked:
        """Return what may come of `incident` with what `ask` changes. Raises `ProblemError` 404, 503."""
        if not self._lock.acquire(timeout=WAIT):
            raise ProblemError(503, say("Too many people are trying something out. Try again in a moment."))
        try:
            if self._compiled is None or self._compiled[0].hospital is not hospital:
                cascade = Cascade.of(hospital)
                self._compiled = (cascade, RuleIndex(cascade.system))
            cascade, index = self._compiled
            return look_at(cascade, incident, alerts, _changes(cascade, index, ask))
        finally:
            self._lock.release()


def _changes(cascade: Cascade, index: RuleIndex, ask: WhatIf) -> Changes:
    if not (ask.spare or ask.off or ask.actions):
        return NO_CHANGES
    playbooks = built_in_playbooks()
    found = [kept_from_harm(cascade.system, ask.spare, ask.off, ask.at)]
    for action in ask.actions:
        change = change_of(action, playbooks, cascade.hospital, index)
        if change is None:
            raise ProblemError(404, say("There is no such action: {action}", action=action))
        found.append(change)
    return together(found)


def graph_view(looked: Looked, words: Words, site: str) -> GraphView:
    """Return the graph in the reader's language."""
    graph, gain = looked.graph, looked.gain
    return GraphView(
        times=graph.times,
        nodes=[_node(node, words, site) for node in graph.nodes],
        edges=[
            EdgeView(
                one.of,
                one.on,
                [CauseView(by.rule, words.say(by.text, site), by.source, by.share) for by in one.causes],
            )
            for one in graph.edges
        ],
        left_out=graph.left_out,
        loss=looked.loss,
        loss_without=looked.loss_without,
        gain=GainView(gain.mean, gain.low, gain.high) if gain else None,
    )


def _node(node: Node, words: Words, site: str) -> NodeView:
    return NodeView(
        id=node.id,
        name=words.named(node.id).name,
        kind=node.kind,
        group=node.group,
        group_name=words.say(GROUPS[node.group]) if node.group in GROUPS else node.group,
        layer=node.layer,
        evidence=words.all(node.evidence, site),
        probability=node.probability,
        earliest=node.earliest,
        holds=_rounded(node.holds),
        states=[
            HoldingView(one.state, words.say(STATES[one.state]), one.probability, one.earliest, _rounded(one.holds))
            for one in node.states
        ],
    )


def _rounded(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Return `shares` to a hundredth of a point: hundreds of things are sent."""
    return tuple(round(share, 4) for share in shares)


def routes(app: FastAPI, deps: ConsoleDeps, incidents: Incidents) -> None:
    """Add the routes of the impact graph."""
    player = Player()

    def view(id: str, request: Request, ask: WhatIf) -> GraphView:
        visitor = visitor_of(request)
        incident = incidents.get(id, visitor)
        alerts = deps.reader.alerts(ids=[link.alert for link in incident.links])
        seen = [one for one in alerts if may_see(visitor, one)]
        return graph_view(player.look(deps.hospital, incident, seen, ask), words_of(request), incident.site)

    @app.get("/api/incidents/{id}/graph", name="impact_graph")
    async def impact_graph(request: Request, id: str) -> Response:
        return answer(await asyncio.to_thread(view, id, request, WhatIf()))

    @app.post("/api/incidents/{id}/what-if", name="what_if")
    async def what_if(request: Request, id: str) -> Response:
        """Play the incident with a change. Nothing is done to the hospital, and nothing is recorded."""
        return answer(await asyncio.to_thread(view, id, request, await read_struct(request, WhatIf)))
