"""What guards the place: the intruder alarm with its detectors and button, and the readers of newborns' tags."""

from __future__ import annotations

from demo_hospital.things import Catalogue, Kind, Row

PANEL = Kind("intrusion_panel", "Intruder alarm panel", "Centrale d'alarme intrusion", "intrusion", 3, "building")
MODULE = Kind("intrusion_module", "Expansion module", "Module d'extension", "intrusion", 2, powered=False)
DETECTOR = Kind("motion_detector", "Motion detector", "Détecteur de mouvement", "intrusion", 2, powered=False)
BUTTON = Kind("panic_button", "Hold-up button", "Bouton d'alarme agression", "intrusion", 3, powered=False)
READER = Kind("tag_reader", "Tag reader", "Lecteur d'étiquettes", "intrusion", 3, powered=False)

ACCOUNT = "1001"
"""Of the panel, in SIA DC-09; its zones stand behind it."""
ZONES: tuple[tuple[int, Kind, str], ...] = (
    (1, DETECTOR, "aurore.pharmacy"),
    (2, DETECTOR, "aurore.pharmacy.cold"),
    (3, DETECTOR, "aurore.datacentre"),
    (4, DETECTOR, "aurore.network.room"),
    (21, BUTTON, "aurore.pharmacy"),
    (90, MODULE, "aurore.technical.north"),
)
"""Number at the panel, kind, room."""
MATERNITY = "aurore.fourth.corridor.northwest"
TAG_READERS = (
    ("stairs.west", "Tag reader before the stairs, maternity", "Lecteur d'étiquettes devant l'escalier, maternité"),
    ("fire.doors", "Tag reader at the fire doors, maternity", "Lecteur d'étiquettes aux portes coupe-feu, maternité"),
)

BOTH_SIDES = ("door.aurore.pharmacy", "door.aurore.pharmacy.cold")
"""Doors that need a badge to leave, too."""


def guard(catalogue: Catalogue) -> None:
    """Put all of it up."""
    watched = [room for _, kind, room in ZONES if kind is DETECTOR]
    catalogue.add(
        "panel.aurore",
        "aurore.security.post",
        PANEL,
        names=(PANEL.en, PANEL.fr),
        addresses={"sia": ACCOUNT},
        protects=watched,
    )
    for number, kind, room in ZONES:
        guarded = {"protects": [room]} if kind is not MODULE else {"protects": ["aurore.pharmacy"]}
        names = {DETECTOR: "pir", BUTTON: "button", MODULE: "module"}
        catalogue.add(f"{names[kind]}.{room}", room, kind, addresses={"sia": f"{ACCOUNT}/{number}"}, **guarded)
    for slug, en, fr in TAG_READERS:
        addresses = {"rtls": f"maternity-{slug}", "reader": f"maternity-{slug}"}
        catalogue.add(f"tagreader.aurore.maternity.{slug}", MATERNITY, READER, names=(en, fr), addresses=addresses)


def infants(catalogue: Catalogue) -> list[Row]:
    """Return the newborns who wear a tag: a pseudonym each, and where they may be."""
    zones = [*sorted(room for room in catalogue.rooms if room.startswith("aurore.ward.m.")), MATERNITY]
    return [
        {
            "holder": f"infant-{number}",
            "role": "infant",
            "site": "aurore",
            "badges": [f"tag-{number:04d}"],
            "zones": zones,
        }
        for number in (1, 2, 3)
    ]
