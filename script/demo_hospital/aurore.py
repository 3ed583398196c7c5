"""Sainte-Aurore: one dense block of six storeys, all with the same skeleton.

Each storey, 96 by 38 metres, has two corridors from west to east and a spine between them::

    38 +--------- north, west ---------+cap+--------- north, east ---------+
    30 +------- corridor NW -----------+   +------- corridor NE -----------+
    27 +--------- upper, west ---------+ s +--------- upper, east ---------+
    19 +--------- lower, west ---------+ p +--------- lower, east ---------+
    11 +------- corridor SW -----------+   +------- corridor SE -----------+
     8 +--------- south, west ---------+cap+--------- south, east ---------+
     0 0                              46   50                             96

Rooms are entered from the corridor that they lie on. A quarter is one fire compartment; the northern and the
southern half of a storey are one supply sector each, fed by a board in the technical room of that half.
"""

from __future__ import annotations

from demo_hospital.aurore_rooms import STOREYS, Plan
from demo_hospital.rooms import Room, Storey

SITE = "aurore"
ROWS = {"south": (0.0, 8.0), "lower": (11.0, 19.0), "upper": (19.0, 27.0), "north": (30.0, 38.0)}
SIDES = {"west": (0.0, 46.0), "east": (50.0, 96.0)}

CORRIDOR_SLUGS = {("ground", "north", "west"): ("corridor.pharmacy", "Pharmacy corridor", "Couloir de la pharmacie")}
"""Corridors that the story speaks of."""


def draw() -> list[Storey]:
    """Return all storeys, drawn."""
    return [_draw(*described) for described in STOREYS]


def _draw(ordinal: int, slug: str, en: str, fr: str, plan: Plan) -> Storey:
    name = (en, fr)
    storey = Storey(f"{SITE}.{ordinal}", SITE, "aurore.main", ordinal, name, ("Main building", "Bâtiment principal"))
    core = f"fc.{SITE}.{slug}.core"
    spine = Room(
        f"{slug}.spine",
        f"Central corridor, {en.lower()}",
        f"Couloir central, {fr.lower()}",
        "corridor",
        security="public",
    )
    storey.place(spine, (46.0, 8.0, 50.0, 30.0), sector=f"{SITE}.{slug}.south", compartment=core)
    for half, (low, high) in {"north": (27.0, 30.0), "south": (8.0, 11.0)}.items():
        for side, (left, right) in SIDES.items():
            corridor = _corridor(slug, en, fr, half, side)
            sector, compartment = f"{SITE}.{slug}.{half}", f"fc.{SITE}.{slug}.{half}.{side}"
            storey.place(corridor, (left, low, right, high), sector=sector, compartment=compartment)
            storey.join(spine.slug, corridor.slug, kind="opening", names=("Fire doors", "Portes coupe-feu"))
    for place, rooms in plan.items():
        row, _, side = place.partition(", ")
        if row.startswith("cap"):
            continue
        half = "north" if row in ("north", "upper") else "south"
        (low, high), (left, right) = ROWS[row], SIDES[side]
        sector, compartment = f"{SITE}.{slug}.{half}", f"fc.{SITE}.{slug}.{half}.{side}"
        corridor_slug = _corridor(slug, en, fr, half, side).slug
        storey.row(rooms, (left, low, right, high), corridor_slug, sector=sector, compartment=compartment)
    caps = plan.get("cap south") or [
        Room(f"{slug}.balcony", f"Bay window, {en.lower()}", f"Oriel, {fr.lower()}", "room", security="public")
    ]
    storey.row(caps, (46.0, 0.0, 50.0, 8.0), spine.slug, sector=f"{SITE}.{slug}.south", compartment=core)
    lifts = Room(f"{slug}.lifts", f"Lifts, {en.lower()}", f"Ascenseurs, {fr.lower()}", "stairs")
    storey.row([lifts], (46.0, 30.0, 50.0, 38.0), spine.slug, sector=f"{SITE}.{slug}.north", compartment=core)
    if ordinal == 0:
        _outside(storey)
    return storey


def _corridor(slug: str, en: str, fr: str, half: str, side: str) -> Room:
    told = CORRIDOR_SLUGS.get((slug, half, side))
    if told:
        return Room(*told, "corridor", loiter_after="3 min")
    words = {"north": "nord", "south": "sud", "west": "ouest", "east": "est"}
    return Room(
        f"{slug}.corridor.{half}{side}",
        f"Corridor {half}-{side}, {en.lower()}",
        f"Couloir {words[half]}-{words[side]}, {fr.lower()}",
        "corridor",
        security="public" if slug == "ground" else "staff",
    )


def _outside(storey: Storey) -> None:
    for room, box in (
        (Room("forecourt", "Forecourt", "Parvis", "outdoor", security="public"), (20.0, -16.0, 72.0, 0.0)),
        (Room("ambulance.yard", "Ambulance yard", "Cour des ambulances", "outdoor"), (72.0, -16.0, 100.0, 0.0)),
        (Room("yard.west", "West yard", "Cour ouest", "outdoor", security="public"), (-14.0, 8.0, 0.0, 38.0)),
    ):
        storey.place(room, box, sector="", compartment="")
    exits = (
        ("forecourt", "entrance", "door.aurore.entrance.main", "Main entrance", "Entrée principale"),
        (
            "ambulance.yard",
            "emergency.ambulance",
            "door.aurore.ambulances",
            "Ambulance entrance",
            "Entrée des ambulances",
        ),
        ("forecourt", "emergency.waiting", "door.aurore.emergency", "Emergency entrance", "Entrée des urgences"),
        ("yard.west", "vaccination.reception", "door.aurore.vaccination", "Vaccination entrance", "Entrée vaccination"),
        (
            "vaccination.reception",
            "vaccination.hall",
            "door.aurore.vaccination.inner",
            "Reception to hall",
            "Accueil vers hall",
        ),
        (
            "vaccination.hall",
            "vaccination.booth.1",
            "door.aurore.vaccination.booths",
            "Hall to booths",
            "Hall vers box",
        ),
    )
    for outer, inner, id, en, fr in exits:
        storey.join(outer, inner, id=id, names=(en, fr))
        storey.doors[-1].reader = "entrance" in id or "ambulances" in id
    for corridor, side, en, fr in (
        ("corridor.pharmacy", "west", "West emergency exit", "Issue de secours ouest"),
        ("ground.corridor.southwest", "southwest", "South-west emergency exit", "Issue de secours sud-ouest"),
    ):
        storey.join("yard.west", corridor, kind="exit", id=f"door.{SITE}.exit.{side}", names=(en, fr))
        storey.doors[-1].reader = True
