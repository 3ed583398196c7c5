"""Doors, cameras and building automation of the tiny hospital."""

from __future__ import annotations

from safecare.model.hospital import Asset, Name, Point
from safecare.model.ids import AssetId, SiteId, ZoneId

SITE = SiteId("aurore")


def asset(id: str, en: str, fr: str, kind: str, zone: str, at: tuple[float, float], **more: object) -> Asset:
    """Return an asset of the one site; `more` are further fields of `Asset`."""
    return Asset(id=AssetId(id), site=SITE, name=Name(en, fr), kind=kind, zone=ZoneId(zone), at=at, **more)  # type: ignore[arg-type]


def doors() -> tuple[Asset, ...]:
    """Return all doors."""

    def door(id: str, en: str, fr: str, one: str, other: str, at: tuple[float, float]) -> Asset:
        return asset(
            f"door.{id}",
            en,
            fr,
            "door",
            one,
            at,
            group="door",
            criticality=2,
            between=(other, one),
            addresses={"mqtt": f"doors/{id}", "reader": f"reader-{id}"},
        )

    corridor = "aurore.corridor.pharmacy"
    return (
        door("main", "Main entrance", "Entrée principale", "aurore.entrance", "aurore.outdoor", (8, 0)),
        door(
            "vaccination",
            "Vaccination door",
            "Porte de vaccination",
            "aurore.vaccination.hall",
            "aurore.entrance",
            (16, 8),
        ),
        door("entrance", "Entrance to corridor", "Entrée vers couloir", "aurore.entrance", corridor, (8, 16)),
        door("hall", "Hall to corridor", "Hall vers couloir", "aurore.vaccination.hall", corridor, (24, 16)),
        door("pharmacy", "Pharmacy door", "Porte de la pharmacie", "aurore.pharmacy", corridor, (21, 20)),
        door(
            "cold", "Cold room door", "Porte de la chambre froide", "aurore.pharmacy.cold", "aurore.pharmacy", (24, 23)
        ),
        door("office", "Office door", "Porte du bureau", "aurore.office.pharmacy", corridor, (14, 20)),
        door("ward", "Ward door", "Porte de l'unité", "aurore.ward.a", corridor, (5, 20)),
        door(
            "technical", "Technical room door", "Porte du local technique", "aurore.technical.north", corridor, (35, 20)
        ),
        door("server", "Server room door", "Porte de la salle serveurs", "aurore.server.room", corridor, (36, 16)),
        door("stairs", "Stairs door", "Porte de l'escalier", "aurore.stairs.north", corridor, (40, 18)),
        asset(
            "exit.stairs",
            "Emergency exit of the north stairs",
            "Issue de secours de l'escalier nord",
            "exit",
            "aurore.stairs.north",
            (46, 18),
            group="door",
            criticality=2,
            between=("aurore.stairs.north", "aurore.outdoor"),
            addresses={"mqtt": "doors/exit.stairs"},
        ),
    )


def cameras() -> tuple[Asset, ...]:
    """Return all cameras."""

    def camera(id: str, en: str, fr: str, zone: str, at: tuple[float, float], *protects: str) -> Asset:
        return asset(
            f"camera.{id}",
            en,
            fr,
            "camera",
            zone,
            at,
            group="camera",
            watches=zone,
            protects=(zone, *protects),
            addresses={"camera": id},
        )

    return (
        camera(
            "corridor", "Corridor camera", "Caméra du couloir", "aurore.corridor.pharmacy", (1, 18), "door.pharmacy"
        ),
        camera("hall", "Hall camera", "Caméra du hall", "aurore.vaccination.hall", (31, 1)),
        camera("entrance", "Entrance camera", "Caméra de l'entrée", "aurore.entrance", (1, 1)),
    )


def building() -> tuple[Asset, ...]:
    """Return fire detectors, power, ventilation, freezers and what they hold."""

    def fire(zone: str, at: tuple[float, float]) -> Asset:
        short = zone.removeprefix("aurore.")
        return asset(
            f"fire.{short}",
            f"Fire detector {short}",
            f"Détecteur incendie {short}",
            "fire_detector",
            zone,
            at,
            group="fire",
            criticality=3,
            protects=(zone,),
            addresses={"mqtt": f"fire/{short}"},
        )

    board_points = (Point(name="mains", register="discrete:0", alarm_on=False),)
    return (
        fire("aurore.technical.north", (38, 28)),
        fire("aurore.pharmacy", (20, 28)),
        fire("aurore.corridor.pharmacy", (20, 19)),
        fire("aurore.server.room", (34, 14)),
        asset(
            "board.north",
            "Electrical board north",
            "Tableau électrique nord",
            "electrical_board",
            "aurore.technical.north",
            (39, 25),
            group="utility",
            criticality=4,
            addresses={"modbus": "127.0.0.1:15020/2", "mqtt": "power/board.north"},
            points=board_points,
        ),
        asset(
            "board.south",
            "Electrical board south",
            "Tableau électrique sud",
            "electrical_board",
            "aurore.server.room",
            (39, 2),
            group="utility",
            criticality=4,
            addresses={"modbus": "127.0.0.1:15020/3", "mqtt": "power/board.south"},
            points=board_points,
        ),
        asset(
            "ups.server",
            "Server room UPS",
            "Onduleur de la salle serveurs",
            "ups",
            "aurore.server.room",
            (38, 4),
            group="utility",
            criticality=3,
            addresses={"mqtt": "power/ups.server"},
        ),
        asset(
            "ahu.north",
            "Air handling unit north",
            "Centrale de traitement d'air nord",
            "ahu",
            "aurore.technical.north",
            (32, 28),
            group="utility",
            criticality=2,
            addresses={"modbus": "127.0.0.1:15020/4"},
            points=(Point(name="supply_temperature", register="input:0", scale=0.1, unit="Cel", low=14.0, high=24.0),),
        ),
        *(_freezer(number) for number in (1, 2)),
        asset(
            "vaccines",
            "Vaccine stock",
            "Stock de vaccins",
            "stock",
            "aurore.pharmacy.cold",
            (26, 24),
            group="pharmacy",
            criticality=4,
        ),
    )


def _freezer(number: int) -> Asset:
    return asset(
        f"freezer.{number}",
        f"Vaccine freezer {number}",
        f"Congélateur à vaccins {number}",
        "freezer",
        "aurore.pharmacy.cold",
        (25.0 + number, 22.0),
        group="cold_chain",
        criticality=4,
        addresses={"modbus": f"127.0.0.1:15020/{9 + number}", "mqtt": f"cold/freezer.{number}"},
        points=(
            Point(name="temperature", register="input:0", scale=0.1, unit="Cel", low=-25.0, high=-15.0),
            Point(name="lid", register="discrete:0", alarm_on=True),
        ),
    )
