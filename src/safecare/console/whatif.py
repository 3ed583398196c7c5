"""The impact graph of an incident, and what a person tries out on it: played by the server's own cascade.

It is played in a process of its own: the console goes on answering meanwhile, and the memory is given back afterwards.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, lru_cache
from multiprocessing import get_context
from typing import TypeVar

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.cascade.engine import Cascade
from safecare.cascade.simulate import NO_CHANGES, Changes
from safecare.console.deps import ConsoleDeps
from safecare.console.incidents import Incidents
from safecare.console.outlook import GROUPS
from safecare.console.rights import may_see
from safecare.console.web import ProblemError, answer, read_struct, visitor_of, words_of
from safecare.console.wire.graph import CauseView, EdgeView, GainView, GraphView, HoldingView, NodeView, WhatIf
from safecare.console.words import Words
from safecare.decide.effects import RuleIndex, change_of
from safecare.decide.playbook import Playbook, built_in_playbooks
from safecare.impact.graph import Node
from safecare.impact.states import STATES
from safecare.impact.whatif import Looked, kept_from_harm, look_at, together
from safecare.model.alert import Alert
from safecare.model.hospital import Hospital
from safecare.model.incident import Incident
from safecare.model.layout import laid_out
from safecare.model.text import say
from safecare.sources.files.confine import die_with_parent

Answer = TypeVar("Answer")
WAITING = 8
"""Plays that may wait for the one that runs (chosen: some seconds on a busy machine)."""
IDLE = 600.0
"""Seconds without a play after which the process ends (chosen: a person thinks, and tries again)."""


class NoSuchActionError(LookupError):
    """A plan's action that no playbook is called by."""


class _Asked(msgspec.Struct, frozen=True):
    """One play, as it goes to the process."""

    incident: Incident
    alerts: list[Alert]
    ask: WhatIf


@lru_cache(maxsize=1)
def compiled(hospital: bytes) -> tuple[Cascade, RuleIndex]:
    """Return the cascade of `hospital` (MessagePack); the last one is kept."""
    cascade = Cascade.of(msgspec.msgpack.decode(hospital, type=laid_out(Hospital)))
    return cascade, RuleIndex(cascade.system)


@cache
def _playbooks() -> tuple[Playbook, ...]:
    return built_in_playbooks()


def play(hospital: bytes, asked: bytes) -> Looked:
    """Play one question (MessagePack of `_Asked`). Raises `NoSuchActionError`. Runs in the process."""
    one = msgspec.msgpack.decode(asked, type=laid_out(_Asked))
    cascade, index = compiled(hospital)
    return look_at(cascade, one.incident, one.alerts, _changes(cascade, index, one.ask))


def _changes(cascade: Cascade, index: RuleIndex, ask: WhatIf) -> Changes:
    found = [kept_from_harm(cascade.system, ask.spare, ask.off, ask.at)] if ask.spare or ask.off else []
    for action in ask.actions:
        change = change_of(action, _playbooks(), cascade.hospital, index)
        if change is None:
            raise NoSuchActionError(action)
        found.append(change)
    return together(found) if found else NO_CHANGES


class Player:
    """Plays incidents, one after the other, in a process that is there while it is needed."""

    def __init__(self) -> None:
        """Begin without a process."""
        self._pool: ProcessPoolExecutor | None = None
        self._hospital: tuple[Hospital, bytes] | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._waiting = 0

    async def look(self, hospital: Hospital, incident: Incident, alerts: list[Alert], ask: WhatIf) -> Looked:
        """Return what may come of `incident` with what `ask` changes. Raises `ProblemError` 404, 503."""
        try:
            return await self.run(hospital, play, msgspec.msgpack.encode(_Asked(incident, alerts, ask)))
        except NoSuchActionError as error:
            raise ProblemError(404, say("There is no such action: {action}", action=str(error))) from error

    async def run(self, hospital: Hospital, act: Callable[[bytes, bytes], Answer], asked: bytes) -> Answer:
        """Return what `act` makes of `hospital` (MessagePack) and `asked`. Raises `ProblemError` 503."""
        if self._waiting > WAITING:
            raise ProblemError(503, say("Too many people are trying something out. Try again in a moment."))
        if self._hospital is None or self._hospital[0] is not hospital:
            self._hospital = (hospital, msgspec.msgpack.encode(hospital))
        if self._rest is not None:
            self._rest.cancel()
        if self._pool is None:
            context = get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, die_with_parent, (os.getpid(),))
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            return await loop.run_in_executor(self._pool, act, self._hospital[1], asked)
        except BrokenProcessPool as error:
            self.stop()
            raise ProblemError(503, say("Too many people are trying something out. Try again in a moment.")) from error
        finally:
            self._waiting -= 1
            self._rest = loop.call_later(IDLE, self.stop)

    def stop(self) -> None:
        """End the process; the next play starts another one."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


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


def routes(app: FastAPI, deps: ConsoleDeps, incidents: Incidents) -> Player:
    """Add the routes of the impact graph; return what plays, to be stopped with the console."""
    player = Player()

    def read(id: str, request: Request) -> tuple[Incident, list[Alert]]:
        visitor = visitor_of(request)
        incident = incidents.get(id, visitor)
        alerts = deps.reader.alerts(ids=[link.alert for link in incident.links])
        return incident, [one for one in alerts if may_see(visitor, one)]

    async def view(id: str, request: Request, ask: WhatIf) -> Response:
        incident, alerts = await asyncio.to_thread(read, id, request)
        looked = await player.look(deps.hospital, incident, alerts, ask)
        return answer(await asyncio.to_thread(graph_view, looked, words_of(request), incident.site))

    @app.get("/api/incidents/{id}/graph", name="impact_graph")
    async def impact_graph(request: Request, id: str) -> Response:
        return await view(id, request, WhatIf())

    @app.post("/api/incidents/{id}/what-if", name="what_if")
    async def what_if(request: Request, id: str) -> Response:
        """Play the incident with a change. Nothing is done to the hospital, and nothing is recorded."""
        return await view(id, request, await read_struct(request, WhatIf))

    return player
