"""Puts the description together and writes the files."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from demo_hospital import aurore, care, guarding, machines, needs, people, things, tilleuls, write
from demo_hospital.rooms import Door, Storey
from demo_hospital.things import Catalogue, Row

NAME = {"en": "Sainte-Aurore hospital group", "fr": "Groupe hospitalier Sainte-Aurore"}
SITES = [
    {"id": "aurore", "name": {"en": "Sainte-Aurore", "fr": "Sainte-Aurore"}, "timezone": "Europe/Paris"},
    {"id": "tilleuls", "name": {"en": "Les Tilleuls", "fr": "Les Tilleuls"}, "timezone": "Europe/Paris"},
]
FILES = {"it": "machines", "network": "machines", "utility": "utilities", "camera": "cameras", "fire": "fire"}
"""Asset files by family; the others are in ``equipment.yaml``."""


def write_files() -> dict[str, str]:
    """Return the text of all files by name."""
    storeys = aurore.draw() + tilleuls.draw()
    _connect(storeys)
    catalogue = things.furnish(storeys)
    machines.equip(catalogue, storeys)
    guarding.guard(catalogue)
    catalogue.settle()
    _check_unique(catalogue, storeys)
    roles = {id: {"en": en, "fr": fr} for id, (en, fr) in people.ROLES.items()}
    head = ["id: sainte-aurore", f"name: {write.flow(NAME)}", write.rows("sites", SITES).rstrip()]
    head += ["roles:", *(f"  {id}: {write.flow(name)}" for id, name in roles.items())]
    files = {"hospital.yaml": "\n".join(head) + "\n"}
    for storey in storeys:
        files[f"plans/{storey.id}.geojson"] = write.plan(storey, _door_addresses(storey))
    files |= _asset_files(catalogue)
    files["services.yaml"] = write.rows("services", care.services(catalogue.rooms))
    for name, listed in (
        ("power", needs.power(catalogue)),
        ("rooms", needs.rooms(catalogue)),
        ("machines", needs.machines(catalogue)),
        ("care", needs.care(catalogue)),
    ):
        files[f"dependencies/{name}.yaml"] = write.rows("dependencies", listed)
    files["people.yaml"] = write.rows("people", people.people(catalogue) + guarding.infants(catalogue))
    files["routes.yaml"] = write.rows("routes", people.ROUTES)
    files["sources.yaml"] = write.rows("doors", people.DOORS)
    return files


def write_to(folder: Path) -> None:
    """Write all files into `folder`."""
    write.save(folder, write_files())


def _connect(storeys: list[Storey]) -> None:
    """Put stairs and lifts between storeys that lie above each other."""
    for low, high in pairwise(storeys):
        if low.building != high.building:
            continue
        above = {_shaft(slug): placed for slug, placed in high.rooms.items() if placed.room.category == "stairs"}
        for slug, placed in low.rooms.items():
            top = above.get(_shaft(slug)) if placed.room.category == "stairs" else None
            if top is None:
                continue
            left, bottom, right, _ = placed.box
            middle, y = round((left + right) / 2, 2), round(bottom + 2, 2)
            kind = "lift" if "lift" in slug else "stairs"
            names = (f"{placed.room.en}: up", f"{placed.room.fr} : montée")
            line = ((middle - 0.6, y), (middle + 0.6, y))
            rounded = ((round(line[0][0], 2), y), (round(line[1][0], 2), y))
            low.doors.append(Door(f"way.{placed.id}", *names, placed.id, top.id, rounded, low.id, kind))


def _shaft(slug: str) -> str:
    """Return what is the same on all storeys in the name of stairs or lifts."""
    return slug[slug.index("stairs") :] if "stairs" in slug else "lifts"


def _door_addresses(storey: Storey) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for door in storey.doors:
        if door.reader:
            rest = door.id.removeprefix(f"door.{storey.site}.")
            found[door.id] = {"mqtt": f"{storey.site}/doors/{rest}"}
            if door.kind == "door":
                found[door.id]["reader"] = f"{storey.site}-{rest}"
            if door.id in guarding.BOTH_SIDES:
                found[door.id]["reader-out"] = f"{storey.site}-{rest}-out"
    return found


def _asset_files(catalogue: Catalogue) -> dict[str, str]:
    parts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in catalogue.rows:
        rest = {key: value for key, value in row.items() if key != "site"}
        parts[row["site"], FILES.get(row["group"], "equipment")].append(rest)
    return {
        f"assets/{site}-{part}.yaml": write.rows("assets", listed, head=f"site: {site}")
        for (site, part), listed in sorted(parts.items())
    }


def _check_unique(catalogue: Catalogue, storeys: list[Storey]) -> None:
    ids = [row["id"] for row in catalogue.rows] + [door.id for storey in storeys for door in storey.doors]
    twice = {id for id in ids if ids.count(id) > 1}
    if twice:
        raise ValueError(f"ids used twice: {sorted(twice)[:10]}")
