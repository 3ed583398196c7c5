"""Rules from the hospital's dependencies, one function per kind. The table stands in `safecare.cascade.site`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from safecare.cascade import figures as chosen
from safecare.cascade.figures import Figures, figures
from safecare.cascade.words import Fact, Figure, Rule
from safecare.model.forecast import State
from safecare.model.hospital import Asset, Dependency, Hospital, Service
from safecare.model.text import Ref, Text, say

CUT_OFF_GROUPS = frozenset({"it", "camera"})
"""Things that can't do their work without their network; doors, fire detectors and freezers work alone."""
GOODS_GROUPS = frozenset({"pharmacy", "cold_chain"})


def edge_rules(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    """Yield the rules of one dependency; ``powers`` is made by `supply_rules`, which sees all suppliers."""
    make = _MAKERS.get(dependency.kind)
    if make:
        yield from make(hospital, dependency)


def single(
    dependency: Dependency,
    cause: Fact,
    head: Fact,
    values: Figures,
    text: Text,
    *,
    lasting: bool = False,
    kind: str = "",
) -> Rule:
    """Return the rule "`cause` -> `head`" of `dependency`."""
    kind = kind or dependency.kind
    return values.rule(dependency.id, cause, head, text, kind=kind, lasting=lasting, source=dependency.source)


def _needs(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    on = tuple(dict.fromkeys(dependency.on))
    if not on:
        return
    enough = len(on) if dependency.at_least is None else min(dependency.at_least, len(on))
    if enough < 1:
        return
    given = Figures(Figure(*dependency.delay), Figure(*dependency.probability))
    service = hospital.service(dependency.of)
    tails = tuple(Fact(id, State.DOWN) for id in on)
    if len(on) == 1:
        text = say("{thing} needs {other}", thing=Ref(dependency.of), other=Ref(on[0]))
    elif enough == len(on):
        text = say(
            "{thing} needs {other} and {count} more", thing=Ref(dependency.of), other=Ref(on[0]), count=len(on) - 1
        )
    else:
        text = say(
            "{thing} needs at least {count} of {total}, among them {other}",
            thing=Ref(dependency.of),
            count=enough,
            total=len(on),
            other=Ref(on[0]),
        )

    def rule(state: State, values: Figures) -> Rule:
        return Rule(
            key=f"{dependency.id}:needs>{dependency.of}.{state}",
            kind="needs",
            tails=tails,
            need=len(on) - enough + 1,
            head=Fact(dependency.of, state),
            text=text,
            delay=values.delay,
            probability=values.probability,
            lasting=_spoils(hospital, dependency.of),
            source=dependency.source,
        )

    if service is None:
        yield rule(State.DOWN, given)
        return
    yield rule(State.DEGRADED, given)
    yield from _weak_support(hospital, dependency, service, on)


def _weak_support(hospital: Hospital, dependency: Dependency, service: Service, on: tuple[str, ...]) -> Iterator[Rule]:
    """Yield what slows a service: what it needs is wrong or works only in part."""
    of = Ref(service.id)
    for id in on:
        other = Ref(id)
        if hospital.service(id) is None:
            text = say("{thing} works with {other}, which works only in part", thing=of, other=other)
            cause = Fact(id, State.DEGRADED)
            yield single(dependency, cause, Fact(service.id, State.DEGRADED), chosen.HALF_WORKING, text)
        text = say("{thing} works with {other}, whose data can't be trusted", thing=of, other=other)
        cause = Fact(id, State.CORRUPTED)
        yield single(dependency, cause, Fact(service.id, State.DEGRADED), chosen.WRONG_DATA, text)
        yield single(dependency, cause, Fact(service.id, State.UNSAFE), chosen.HARMFUL_DATA, text)


def _hosts(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    given = Figures(Figure(*dependency.delay), Figure(*dependency.probability))
    of = dependency.of
    zone = hospital.zone(of) is not None
    cause = Fact(of, State.UNSAFE if zone else State.DOWN)
    for on in dict.fromkeys(dependency.on):
        thing, other = Ref(on), Ref(of)
        if zone:
            text = say("{thing} stands in {other}", thing=thing, other=other)
        else:
            text = say("{thing} runs on {other}", thing=thing, other=other)
        yield single(
            dependency, cause, Fact(on, State.DOWN), given, text, lasting=zone, kind="fire" if zone else "hosts"
        )
        if not zone:
            hacked = Fact(of, State.COMPROMISED)
            yield single(dependency, hacked, Fact(on, State.CORRUPTED), chosen.TAMPERED, text, lasting=True)
            yield single(dependency, hacked, Fact(on, State.DOWN), chosen.ENCRYPTED, text, lasting=True)


def _connects(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    net = Fact(dependency.of, State.COMPROMISED)
    for on in dict.fromkeys(dependency.on):
        text = say("{thing} is connected to {other}", thing=Ref(on), other=Ref(dependency.of))
        machine = Fact(on, State.COMPROMISED)
        yield single(dependency, machine, net, chosen.FOOTHOLD, text, lasting=True)
        yield single(dependency, net, machine, figures(dependency, chosen.LATERAL), text, lasting=True)
        asset = hospital.asset(on)
        if asset and asset.group in CUT_OFF_GROUPS:
            yield single(
                dependency, Fact(dependency.of, State.DOWN), Fact(on, State.DOWN), chosen.CLOSED, text, kind="cut"
            )
        elif asset and asset.group == "medical":
            cut = Fact(on, State.DEGRADED)
            yield single(dependency, Fact(dependency.of, State.DOWN), cut, chosen.CLOSED, text, kind="cut")


def _allows(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    for on in dict.fromkeys(dependency.on):
        text = say("Traffic from {other} to {thing} is let through", thing=Ref(on), other=Ref(dependency.of))
        cause, head = Fact(dependency.of, State.COMPROMISED), Fact(on, State.COMPROMISED)
        yield single(dependency, cause, head, figures(dependency, chosen.ALLOWED), text, lasting=True)


def _controls(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    for on in dict.fromkeys(dependency.on):
        asset = hospital.asset(on)
        door = asset is not None and asset.group == "door"
        text = say("{thing} obeys {other}", thing=Ref(on), other=Ref(dependency.of))
        head = Fact(on, State.COMPROMISED if door else State.DOWN)
        values = figures(dependency, chosen.COMMANDED)
        yield single(dependency, Fact(dependency.of, State.COMPROMISED), head, values, text, lasting=True)
        yield single(dependency, Fact(dependency.of, State.DOWN), Fact(on, State.DEGRADED), chosen.HALF_WORKING, text)


def _stores(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    of = dependency.of
    for on in dict.fromkeys(dependency.on):
        asset = hospital.asset(on)
        text = say("{thing} is kept in {other}", thing=Ref(on), other=Ref(of))
        if asset is None or asset.group not in GOODS_GROUPS:
            hacked = Fact(of, State.COMPROMISED)
            yield single(dependency, hacked, Fact(on, State.EXPOSED), chosen.LEAKED, text, lasting=True)
            yield single(dependency, hacked, Fact(on, State.CORRUPTED), chosen.TAMPERED, text, lasting=True)
            yield single(dependency, Fact(of, State.CORRUPTED), Fact(on, State.CORRUPTED), chosen.CLOSED, text)
            yield single(dependency, Fact(of, State.DOWN), Fact(on, State.DOWN), chosen.CLOSED, text)
            continue
        redundant = any(
            other.kind == "needs" and other.of == on and of in other.on for other in hospital.dependencies_at(on)
        )
        spoilt = Fact(on, State.DEGRADED if redundant else State.DOWN)
        for state in (State.DOWN, State.DEGRADED):
            values = figures(dependency, chosen.PART_SPOILT)
            yield single(dependency, Fact(of, state), spoilt, values, text, lasting=True, kind="thermal")
        theft = say("Who has opened {other} can take {thing}", thing=Ref(on), other=Ref(of))
        taken = Fact(on, State.DEGRADED if redundant else State.DOWN)
        yield single(dependency, Fact(of, State.ACCESSED), taken, chosen.STOLEN, theft, lasting=True, kind="theft")


def _feeds(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    of = dependency.of
    for on in dict.fromkeys(dependency.on):
        text = say("{thing} gets data from {other}", thing=Ref(on), other=Ref(of))
        wrong, gone = Fact(of, State.CORRUPTED), Fact(of, State.DOWN)
        values = figures(dependency, chosen.WRONG_DATA)
        yield single(dependency, gone, Fact(on, State.DEGRADED), figures(dependency, chosen.HALF_WORKING), text)
        if hospital.service(on):
            yield single(dependency, wrong, Fact(on, State.DEGRADED), values, text)
            yield single(dependency, wrong, Fact(on, State.UNSAFE), chosen.HARMFUL_DATA, text)
        else:
            yield single(dependency, wrong, Fact(on, State.CORRUPTED), values, text)


def _opens(hospital: Hospital, dependency: Dependency) -> Iterator[Rule]:
    for on in dict.fromkeys(dependency.on):
        text = say("{other} opens {thing}", thing=Ref(on), other=Ref(dependency.of))
        cause, head = Fact(dependency.of, State.COMPROMISED), Fact(on, State.COMPROMISED)
        yield single(dependency, cause, head, figures(dependency, chosen.COMMANDED), text, lasting=True)


_MAKERS: dict[str, Callable[[Hospital, Dependency], Iterator[Rule]]] = {
    "needs": _needs,
    "hosts": _hosts,
    "connects": _connects,
    "allows": _allows,
    "controls": _controls,
    "stores": _stores,
    "feeds": _feeds,
    "opens": _opens,
}


def supply_rules(hospital: Hospital) -> Iterator[Rule]:
    """Yield the rules of electricity: what has several suppliers goes down when all have failed."""
    suppliers: dict[str, list[Dependency]] = defaultdict(list)
    for dependency in hospital.dependencies:
        if dependency.kind == "powers":
            for on in dict.fromkeys(dependency.on):
                for load in _loads(hospital, on):
                    if dependency not in suppliers[load]:
                        suppliers[load].append(dependency)
    direct = {on for one in hospital.dependencies if one.kind == "powers" for on in one.on if hospital.asset(on)}
    for load, edges in suppliers.items():
        yield from _supply(load, edges)
        if hospital.zone(load):
            yield from _dark_zone(hospital, load, edges[0], direct)


def _loads(hospital: Hospital, on: str) -> tuple[str, ...]:
    """Return what `on` stands for: itself, or all zones of the sector that a zone or sector name means."""
    zone = hospital.zone(on)
    if zone and not zone.sector:
        return (on,)
    sector = zone.sector if zone else on
    zones = tuple(one.id for one in hospital.zones if one.sector == sector and (zone is None or one.site == zone.site))
    return zones or (on,)


def _supply(load: str, edges: list[Dependency]) -> Iterator[Rule]:
    if len(edges) == 1:
        edge = edges[0]
        given = Figures(Figure(*edge.delay), Figure(*edge.probability))
        text = say("{thing} gets its power from {other}", thing=Ref(load), other=Ref(edge.of))
        yield single(edge, Fact(edge.of, State.DOWN), Fact(load, State.DOWN), given, text)
        return
    lost: list[Fact] = []
    for edge in edges:
        given = Figures(Figure(*edge.delay), Figure(*edge.probability))
        text = say("{thing} gets its power from {other}", thing=Ref(load), other=Ref(edge.of))
        lost.append(Fact(f"{edge.of}>{load}", State.DOWN))
        yield single(edge, Fact(edge.of, State.DOWN), lost[-1], given, text)
    yield Rule(
        key=f"supply>{load}",
        kind="powers",
        tails=tuple(dict.fromkeys(lost)),
        need=len(set(lost)),
        head=Fact(load, State.DOWN),
        text=say("{thing} has {count} supplies, and all have failed", thing=Ref(load), count=len(set(lost))),
        source=edges[0].source,
    )


def _dark_zone(hospital: Hospital, zone: str, edge: Dependency, direct: set[str]) -> Iterator[Rule]:
    """Yield the rules of a zone without power: what stands there and has no supply of its own goes too."""
    for asset in hospital.assets_in(zone):
        if asset.id in direct or not _electric(asset):
            continue
        text = say("{thing} gets its power from the sector of {other}", thing=Ref(asset.id), other=Ref(zone))
        yield single(edge, Fact(zone, State.DOWN), Fact(asset.id, State.DOWN), chosen.CLOSED, text)


def _electric(asset: Asset) -> bool:
    """Goods and data need no power; fire detectors and doors have batteries of their own (EN 54-4, fail-safe locks)."""
    return asset.group in {"it", "network", "medical", "cold_chain", "camera"} and asset.kind not in {
        "application",
        "dataset",
        "network",
    }


def _spoils(hospital: Hospital, id: str) -> bool:
    """Goods that were lost stay lost when their freezer runs again."""
    asset = hospital.asset(id)
    return asset is not None and asset.group in GOODS_GROUPS and asset.kind not in {"freezer", "fridge", "cold_room"}
