"""Who needs what: dependencies, each with its figures and where they come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from demo_hospital.care import CARE, service_id, zones_of
from demo_hospital.machines import APPLICATIONS, DATASETS, LISTS, board_of
from demo_hospital.things import VLANS, Catalogue, Row, kinds_in

GENERATOR = "48 h without the grid: French circular DHOS/E4 2008-114; beyond: assumed"
UPS = "assumed: UPS sized for 15 minutes, enough for the generators to start"
BATTERY = "assumed: makers of bedside devices state 30 minutes to 4 hours of battery"
FIRE = "assumed: fire in a technical room; no measured figures for this building"
COLD = "assumed: closed freezers keep their temperature for one to four hours"
PAPER = "assumed: staff work on for a while without the application"
ROOMS = "assumed: without lighting and sockets a room can be used for some minutes only"
DRAWN = "wiring and network drawings of the demo hospital"

START = ["10 s", "12 s", "30 s"]


def power(catalogue: Catalogue) -> list[Row]:
    """Return who feeds whom with electricity."""
    found: list[Row] = []
    for site, generators in (
        ("aurore", ["generator.aurore.1", "generator.aurore.2"]),
        ("tilleuls", ["generator.tilleuls"]),
    ):
        grid, main = f"grid.{site}", f"board.{site}.general"
        found.append(_row(f"supply.{site}", "needs", main, [grid, *generators], at_least=1, source=DRAWN))
        for generator in generators:
            fuel = {"delay": ["48 h", "60 h", "72 h"], "source": GENERATOR}
            found.append(_row(f"power.{generator}.fuel", "needs", generator, [grid], **fuel))
            fails = {"delay": START, "probability": [0.005, 0.01, 0.05], "source": "assumed: generator does not start"}
            found.append(_row(f"power.{generator}.start", "needs", generator, [grid], **fails))
        boards = sorted(
            board_of(sector) for sector in catalogue.powered if sector.startswith(site) and board_of(sector) != main
        )
        plant = [*kinds_in(catalogue, site, "chiller", "boiler")]
        found.append(_row(f"supply.{site}.boards", "powers", main, boards + plant, source=DRAWN))
        ups = [*kinds_in(catalogue, site, "ups")]
        found.append(_row(f"supply.{site}.ups", "powers", main, ups, delay=["10 min", "15 min", "20 min"], source=UPS))
    for sector, fed in catalogue.powered.items():
        battery = set(catalogue.battery.get(sector, ()))
        direct = [id for id in fed if id not in battery]
        board = board_of(sector)
        if direct:
            found.append(_row(f"power.{sector}", "powers", board, direct, source=DRAWN))
        if battery:
            lasting = {"delay": ["30 min", "1 h", "4 h"], "source": BATTERY}
            found.append(
                _row(f"power.{sector}.battery", "powers", board, [id for id in fed if id in battery], **lasting)
            )
    servers = [
        *kinds_in(catalogue, "aurore", "server", "storage"),
        "switch.aurore.core.1",
        "switch.aurore.core.2",
        "firewall.aurore",
    ]
    found.append(
        _row("power.datacentre", "powers", "ups.aurore.datacentre", [*servers, "link.aurore.tilleuls"], source=DRAWN)
    )
    local = ["server.tilleuls.local", "switch.tilleuls.core"]
    found.append(_row("power.tilleuls.server", "powers", "ups.tilleuls.server", local, source=DRAWN))
    return found


def rooms(catalogue: Catalogue) -> list[Row]:
    """Return which rooms take their things along when they burn or flood."""
    held: dict[str, list[str]] = defaultdict(list)
    for row in catalogue.rows:
        if row["kind"] not in ("application", "dataset", "network", "credential", "camera", "fire_detector", "bed"):
            held[row["zone"]].append(row["id"])
    found = []
    for zone, things in held.items():
        if catalogue.rooms[zone].room.category in ("technical", "datacentre") or zone.endswith("pharmacy.cold"):
            fire = {"delay": ["2 min", "10 min", "30 min"], "probability": [0.5, 0.8, 0.95], "source": FIRE}
            found.append(_row(f"room.{zone}", "hosts", zone, things, **fire))
    return found


def machines(catalogue: Catalogue) -> list[Row]:
    """Return servers, applications, data, networks and control."""
    found: list[Row] = []
    for slug, *_ in APPLICATIONS:
        found.append(_row(f"it.host.{slug}", "hosts", f"server.{slug}", [f"app.{slug}"], source=DRAWN))
        if slug not in ("telephony", "building", "access"):
            wait = {
                "delay": ["5 min", "30 min", "2 h"],
                "probability": [0.6, 0.8, 0.95],
                "source": "assumed: cached sign-ins run out",
            }
            directory = ["server.directory.1", "server.directory.2"]
            found.append(_row(f"it.directory.{slug}", "needs", f"app.{slug}", directory, at_least=1, **wait))
        found.append(_row(f"it.network.{slug}", "needs", f"app.{slug}", ["net.aurore.server"], source=DRAWN))
    storage = ["storage.1", "storage.2", "storage.3"]
    for slug, *_ in DATASETS:
        found.append(_row(f"it.storage.{slug}", "needs", f"app.{slug}", storage, at_least=2, source=DRAWN))
        found.append(_row(f"it.data.{slug}", "stores", f"app.{slug}", [f"data.{slug}"], source=DRAWN))
    feeds = ["app.ehr", "app.lis", "app.pharmacy", "app.pacs"]
    lists = [f"list.{slug}" for slug, *_ in LISTS]
    found.append(_row("it.lists", "feeds", "app.appointments", lists, source=DRAWN))
    found.append(_row("it.hub", "feeds", "app.integration", feeds, source=DRAWN))
    air = {
        "delay": ["15 min", "30 min", "1 h"],
        "probability": [0.6, 0.85, 1.0],
        "source": "assumed: a data centre heats up within the hour",
    }
    chillers = ["chiller.aurore.1", "chiller.aurore.2"]
    cooled = kinds_in(catalogue, "aurore", "server", "storage")
    found += [_row(f"it.cooling.{id}", "needs", id, chillers, at_least=1, **air) for id in cooled]
    return found + _network(catalogue) + _control(catalogue)


def _network(catalogue: Catalogue) -> list[Row]:
    found = [
        _row(f"net.{network}", "connects", network, members, source=DRAWN)
        for network, members in catalogue.connected.items()
    ]
    flows = [
        ("staff", "server"),
        ("staff", "medical"),
        ("medical", "server"),
        ("server", "medical"),
        ("server", "building"),
        ("camera", "server"),
    ]
    for one, other in flows:
        found.append(
            _row(f"net.flow.{one}.{other}", "allows", f"net.aurore.{one}", [f"net.aurore.{other}"], source=DRAWN)
        )
        if (one, other) != ("staff", "medical"):
            found.append(
                _row(
                    f"net.flow.tilleuls.{one}.{other}",
                    "allows",
                    f"net.tilleuls.{one}",
                    [f"net.aurore.{other}"],
                    source=DRAWN,
                )
            )
    for vlan in VLANS:
        cores = ["switch.aurore.core.1", "switch.aurore.core.2"]
        found.append(_row(f"net.core.aurore.{vlan}", "needs", f"net.aurore.{vlan}", cores, at_least=1, source=DRAWN))
        remote = ["switch.tilleuls.core", "link.aurore.tilleuls"]
        found.append(_row(f"net.core.tilleuls.{vlan}", "needs", f"net.tilleuls.{vlan}", remote, source=DRAWN))
    for row in catalogue.rows:
        if row["kind"] == "workstation":
            sector = catalogue.rooms[row["zone"]].sector
            switch = board_of(sector).replace("board.", "switch.")
            found += [_row(f"net.access.{row['id']}", "needs", row["id"], [switch], source=DRAWN)]
    return found


def _control(catalogue: Catalogue) -> list[Row]:
    air = [*kinds_in(catalogue, "aurore", "ahu", "chiller"), *kinds_in(catalogue, "tilleuls", "ahu")]
    rule = {
        "delay": ["1 min", "10 min", "1 h"],
        "probability": [0.3, 0.5, 0.8],
        "source": "assumed: commands are not signed",
    }
    technical = [
        f"door.{id}"
        for id, placed in catalogue.rooms.items()
        if placed.room.slug.startswith("technical.") and placed.site == "aurore"
    ]
    pharmacy = ["door.aurore.pharmacy", "door.aurore.pharmacy.cold", "door.aurore.pharmacy.store"]
    return [
        _row("control.air", "controls", "server.building", air, **rule),
        _row("control.doors", "controls", "server.access", [*pharmacy, *technical, "door.aurore.datacentre"], **rule),
        _row("opens.pharmacy", "opens", "code.aurore.pharmacy", pharmacy, source="access plan of the demo hospital"),
        _row("opens.technical", "opens", "code.aurore.technical", technical, source="access plan of the demo hospital"),
        _row(
            "opens.datacentre",
            "opens",
            "code.aurore.datacentre",
            ["door.aurore.datacentre"],
            source="access plan of the demo hospital",
        ),
    ]


def care(catalogue: Catalogue) -> list[Row]:
    """Return what care needs."""
    found: list[Row] = [*_cold_chain()]
    for one in CARE:
        service = service_id(one)
        if one.apps:
            wait = {"delay": ["10 min", "30 min", "2 h"], "probability": [0.5, 0.8, 0.95], "source": PAPER}
            apps = [f"app.{slug}" for slug in one.apps]
            found += [_row(f"care.{one.slug}.{app}", "needs", service, [app], **wait) for app in apps]
        for supply in one.supplies:
            wait = {
                "delay": ["30 min", "2 h", "8 h"],
                "probability": [0.4, 0.7, 0.9],
                "source": "assumed: local stock and patience",
            }
            found.append(_row(f"care.{one.slug}.{supply}", "needs", service, [supply], **wait))
        sectors = dict.fromkeys(catalogue.rooms[zone].sector for zone in zones_of(one, catalogue.rooms))
        for sector in sectors:
            dark = {"delay": ["5 min", "15 min", "1 h"], "probability": [0.4, 0.7, 0.9], "source": ROOMS}
            found.append(_row(f"care.{one.slug}.{sector}", "needs", service, [board_of(sector)], **dark))
    return found


def _cold_chain() -> Iterator[Row]:
    freezers = [f"freezer.aurore.vaccine.{number}" for number in (1, 2, 3)]
    fridges = [f"fridge.aurore.pharmacy.cold.{number}" for number in (1, 2)]
    warm = {"delay": ["1 h", "2 h", "4 h"], "probability": [0.7, 0.9, 1.0], "source": COLD}
    yield _row("cold.vaccines", "needs", "stock.aurore.vaccines", freezers, at_least=2, **warm)
    yield _row("cold.insulin", "needs", "stock.aurore.insulin", fridges, at_least=1, **warm)
    for freezer in freezers:
        yield _row(
            f"cold.store.{freezer}",
            "stores",
            freezer,
            ["stock.aurore.vaccines"],
            source="stock list of the demo hospital",
        )
    for fridge in fridges:
        yield _row(
            f"cold.store.{fridge}", "stores", fridge, ["stock.aurore.insulin"], source="stock list of the demo hospital"
        )


def _row(id: str, kind: str, of: str, on: list[str], **more: Any) -> Row:
    row: Row = {"id": f"dep.{id}", "kind": kind, "of": of, "on": on}
    for name in ("at_least", "delay", "probability", "source"):
        if name in more:
            row[name] = more[name]
    return row
