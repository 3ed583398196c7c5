"""Les Tilleuls: six small buildings along an alley, one or two storeys each.

A building is 44 by 19 metres: a corridor in the middle, rooms on both sides, the entrance towards the alley.
"""

from __future__ import annotations

from collections.abc import Callable

from demo_hospital.rooms import Door, Room, Storey, many, shared_wall

SITE = "tilleuls"
WIDTH, DEPTH, ALLEY = 44.0, 19.0, 14.0

Described = tuple[str, str, str, tuple[float, float], bool, list[Callable[[str], tuple[list[Room], list[Room]]]]]
"""Slug, names, lower left corner, whether the alley is south of it, and a function for each storey's rooms."""


def _wing(category: str, en: str, fr: str, count: int) -> Callable[[str], tuple[list[Room], list[Room]]]:
    """Return a storey of bedrooms: `count` on the quiet side, some on the alley's side."""

    def rooms(slug: str) -> tuple[list[Room], list[Room]]:
        quiet = many(f"{slug}.room", f"{en}, room", f"{fr}, chambre", category, count)
        alley = [
            Room(f"{slug}.station", f"{en}: nurses' station", f"{fr} : poste de soins", "office", 6),
            Room(
                f"{slug}.medication",
                f"{en}: medication room",
                f"{fr} : salle des médicaments",
                "pharmacy",
                4,
                "restricted",
            ),
            Room(f"{slug}.lounge", f"{en}: lounge", f"{fr} : salon", "room", 8, "public"),
            *many(f"{slug}.room", f"{en}, room", f"{fr}, chambre", category, 2, first=count + 1),
        ]
        return quiet, alley

    return rooms


def _main(slug: str) -> tuple[list[Room], list[Room]]:
    quiet = [
        *many(
            f"{slug}.consultation",
            "Consultation room, Les Tilleuls",
            "Salle de consultation, Les Tilleuls",
            "outpatient",
            4,
        ),
        Room(f"{slug}.xray", "X-ray room, Les Tilleuls", "Salle de radiologie, Les Tilleuls", "imaging", 7),
        Room("pharmacy", "Pharmacy, Les Tilleuls", "Pharmacie, Les Tilleuls", "pharmacy", 7, "restricted"),
        Room("lab", "Sampling point", "Point de prélèvement", "laboratory", 6),
    ]
    alley = [
        Room("security.post", "Guard post", "Poste de garde", "security", 6, "critical"),
        Room("reception", "Reception, Les Tilleuls", "Accueil, Les Tilleuls", "hall", 12, "public", crowd_at=30),
        *many(f"{slug}.office", "Office, Les Tilleuls", "Bureau, Les Tilleuls", "office", 3, 5),
    ]
    return quiet, alley


def _dialysis(slug: str) -> tuple[list[Room], list[Room]]:
    quiet = [*many("dialysis.hall", "Dialysis hall", "Salle de dialyse", "dialysis", 3, 12)]
    alley = [
        Room("dialysis.water", "Dialysis water treatment", "Traitement d'eau de dialyse", "technical", 8, "restricted"),
        Room("dialysis.station", "Dialysis station", "Poste de dialyse", "office", 6),
        Room("dialysis.store", "Dialysis store", "Réserve de dialyse", "room", 8),
        Room(f"{slug}.lounge", "Dialysis waiting room", "Attente de dialyse", "hall", 8, "public"),
    ]
    return quiet, alley


def _rehab(slug: str) -> tuple[list[Room], list[Room]]:
    quiet = [
        Room("rehab.gym", "Rehabilitation gym", "Plateau de rééducation", "room", 18),
        Room("rehab.pool", "Therapy pool", "Balnéothérapie", "room", 14),
        *many("rehab.therapy", "Therapy room", "Salle de kinésithérapie", "outpatient", 2, 6),
    ]
    alley = [
        Room(f"{slug}.lounge", "Rehabilitation waiting room", "Attente de rééducation", "hall", 8, "public"),
        *many("rehab.office", "Rehabilitation office", "Bureau de rééducation", "office", 4, 5),
    ]
    return quiet, alley


def _logistics(slug: str) -> tuple[list[Room], list[Room]]:
    quiet = [
        Room("kitchen", "Kitchen", "Cuisine", "room", 16),
        Room("kitchen.cold", "Kitchen cold store", "Chambre froide de cuisine", "room", 6, via="kitchen"),
        Room("laundry", "Laundry", "Blanchisserie", "room", 12),
        Room("server.room", "Server room, Les Tilleuls", "Salle serveurs, Les Tilleuls", "datacentre", 6, "critical"),
    ]
    alley = [
        Room("energy", "Energy centre, Les Tilleuls", "Centrale d'énergie, Les Tilleuls", "technical", 12, "critical"),
        Room("gas.room", "Medical gas, Les Tilleuls", "Gaz médicaux, Les Tilleuls", "technical", 6, "restricted"),
        Room(f"{slug}.lounge", "Delivery hall", "Hall de livraison", "hall", 10),
        Room("archive", "Archive, Les Tilleuls", "Archives, Les Tilleuls", "room", 8),
    ]
    return quiet, alley


BUILDINGS: list[Described] = [
    ("main", "Main house", "Maison principale", (0, ALLEY), True,
     [_main, _wing("ward", "Rehabilitation ward", "Unité de rééducation", 8)]),
    (
        "geriatrics", "Geriatrics", "Gériatrie", (60, ALLEY), True,
        [_wing("ward", "Geriatrics 1", "Gériatrie 1", 8), _wing("ward", "Geriatrics 2", "Gériatrie 2", 8)],
    ),
    (
        "psychiatry", "Psychiatry", "Psychiatrie", (120, ALLEY), True,
        [_wing("ward", "Psychiatry 1", "Psychiatrie 1", 8), _wing("ward", "Psychiatry 2", "Psychiatrie 2", 8)],
    ),
    ("dialysis", "Dialysis", "Dialyse", (0, -DEPTH), False, [_dialysis]),
    ("rehab", "Rehabilitation", "Rééducation", (60, -DEPTH), False, [_rehab]),
    ("logistics", "Logistics", "Logistique", (120, -DEPTH), False, [_logistics]),
]  # fmt: skip


NEIGHBOURS = [
    ("main", "geriatrics"),
    ("geriatrics", "psychiatry"),
    ("dialysis", "rehab"),
    ("rehab", "logistics"),
    ("dialysis", "main"),
    ("rehab", "geriatrics"),
    ("logistics", "psychiatry"),
]
"""Pieces of the alley that touch."""


def draw() -> list[Storey]:
    """Return all storeys of all buildings, drawn."""
    storeys = [_draw(building, ordinal, storey) for building in BUILDINGS for ordinal, storey in enumerate(building[5])]
    grounds = {storey.id.split(".")[1]: storey for storey in storeys if storey.ordinal == 0}
    for one, other in NEIGHBOURS:
        here, there = grounds[one].rooms[f"alley.{one}"], grounds[other].rooms[f"alley.{other}"]
        line = shared_wall(here.box, there.box, 6.0)
        names = ("Open way along the alley", "Passage libre le long de l'allée")
        door = Door(f"way.{SITE}.{one}.{other}", *names, here.id, there.id, line, grounds[one].id, "opening")
        grounds[one].doors.append(door)
    return storeys


def _draw(building: Described, ordinal: int, described: Callable[[str], tuple[list[Room], list[Room]]]) -> Storey:
    slug, en, fr, (left, low), alley_south, _ = building
    here = slug if ordinal == 0 else f"{slug}.{ordinal}"
    floor, etage = ("ground floor", "rez-de-chaussée") if ordinal == 0 else ("first floor", "1er étage")
    storey = Storey(
        f"{SITE}.{slug}.{ordinal}", SITE, f"{SITE}.{slug}", ordinal, (floor.capitalize(), etage.capitalize()), (en, fr)
    )
    sector, compartment = f"{SITE}.{slug}", f"fc.{SITE}.{here}"
    quiet, alley = described(here)
    up = Room(f"{here}.stairs", f"Stairs, {en}, {floor}", f"Escalier, {fr}, {etage}", "stairs", 4)
    flat = Room(f"{here}.toilets", f"Toilets, {en}", f"Sanitaires, {fr}", "room", 4)
    quiet = [*quiet, up if len(building[5]) > 1 else flat]
    if ordinal == 0:
        alley = [
            *alley,
            Room(f"technical.{slug}", f"Technical room, {en}", f"Local technique, {fr}", "technical", 5, "restricted"),
        ]
    corridor = Room(f"{here}.corridor", f"Corridor, {en}, {floor}", f"Couloir, {fr}, {etage}", "corridor")
    storey.place(corridor, (left, low + 8, left + WIDTH, low + 11), sector=sector, compartment=compartment)
    lower, upper = (alley, quiet) if alley_south else (quiet, alley)
    storey.row(lower, (left, low, left + WIDTH, low + 8), corridor.slug, sector=sector, compartment=compartment)
    storey.row(
        upper, (left, low + 11, left + WIDTH, low + DEPTH), corridor.slug, sector=sector, compartment=compartment
    )
    if ordinal == 0:
        _entrance(storey, building, alley)
    return storey


def _entrance(storey: Storey, building: Described, alley: list[Room]) -> None:
    """Put the piece of the alley before the building, and the building's entrance."""
    slug, en, fr, (left, _), *_rest = building
    south = building[4]
    piece = Room(f"alley.{slug}", f"Alley before {en}", f"Allée devant {fr}", "outdoor", security="public")
    low = ALLEY / 2 if south else 0.0
    storey.place(piece, (left - 8, low, left + WIDTH + 8, low + ALLEY / 2), sector="", compartment="")
    hall = next(room.slug for room in alley if room.category == "hall" or room.slug.endswith(".lounge"))
    storey.join(piece.slug, hall, id=f"door.{SITE}.{slug}.entrance", names=(f"Entrance, {en}", f"Entrée, {fr}"))
    storey.doors[-1].reader = True
