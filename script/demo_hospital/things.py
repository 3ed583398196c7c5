"""What stands in a room of each category, and the things that the story speaks of by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from demo_hospital.rooms import Placed, Storey

Row = dict[str, Any]

PREFIXES = {"aurore": "10.10", "tilleuls": "10.20"}
"""First half of a site's addresses."""

VLANS = {"staff": 10, "server": 20, "building": 30, "medical": 40, "camera": 50}
"""Third number of an address, by network; a network has room for four times 250 (10 to 13, 40 to 43, ...)."""


@dataclass(frozen=True)
class Kind:
    """A kind of thing: names, family, how much depends on it, and its network if it has one."""

    kind: str
    en: str
    fr: str
    group: str
    criticality: int
    network: str = ""
    powered: bool = True
    battery: bool = False
    """Runs on its own battery for a while."""


BED = Kind("bed", "Bed", "Lit", "medical", 2, powered=False)
MONITOR = Kind("monitor", "Patient monitor", "Moniteur patient", "medical", 4, "medical", battery=True)
PUMP = Kind("pump", "Infusion pump", "Pompe à perfusion", "medical", 3, "medical", battery=True)
VENTILATOR = Kind("ventilator", "Ventilator", "Respirateur", "medical", 4, "medical", battery=True)
WORKSTATION = Kind("workstation", "Workstation", "Poste de travail", "it", 2, "staff")
PRINTER = Kind("printer", "Printer", "Imprimante", "it", 1, "staff")
FRIDGE = Kind("fridge", "Medicine refrigerator", "Réfrigérateur à médicaments", "cold_chain", 3, "building")
CABINET = Kind("drug_cabinet", "Automated drug cabinet", "Armoire à médicaments", "pharmacy", 3, "medical")
ANAESTHESIA = Kind("anaesthesia", "Anaesthesia machine", "Appareil d'anesthésie", "medical", 4, "medical", battery=True)
TABLE = Kind("operating_table", "Operating table", "Table d'opération", "medical", 3, battery=True)
LIGHT = Kind("operating_light", "Operating light", "Éclairage opératoire", "medical", 4, battery=True)
DEFIBRILLATOR = Kind("defibrillator", "Defibrillator", "Défibrillateur", "medical", 4, powered=False)
ULTRASOUND = Kind("ultrasound", "Ultrasound scanner", "Échographe", "medical", 2, "medical", battery=True)
ANALYSER = Kind("analyser", "Analyser", "Automate d'analyse", "medical", 3, "medical")
DIALYSER = Kind("dialyser", "Dialysis machine", "Générateur de dialyse", "medical", 4, "medical", battery=True)
AUTOCLAVE = Kind("autoclave", "Autoclave", "Autoclave", "medical", 3, "building")
WASHER = Kind("washer", "Washer-disinfector", "Laveur-désinfecteur", "medical", 3, "building")

CONTENTS: dict[str, tuple[Kind, ...]] = {
    "ward": (BED, BED, MONITOR),
    "icu": (BED, MONITOR, VENTILATOR, PUMP, PUMP),
    "theatre": (ANAESTHESIA, TABLE, LIGHT, MONITOR, WORKSTATION),
    "recovery": (BED, BED, BED, BED, MONITOR, MONITOR, MONITOR, MONITOR),
    "emergency": (BED, MONITOR, PUMP),
    "office": (WORKSTATION, PRINTER),
    "outpatient": (WORKSTATION,),
    "dialysis": (DIALYSER, DIALYSER, DIALYSER, DIALYSER, WORKSTATION),
    "laboratory": (ANALYSER, WORKSTATION),
    "security": (WORKSTATION, WORKSTATION),
    "vaccination": (WORKSTATION,),
    "hall": (WORKSTATION,),
}
"""Things of each room, by its category."""

NAMED: dict[str, tuple[Kind, ...]] = {
    "aurore.pharmacy": (WORKSTATION, WORKSTATION, CABINET, CABINET, PRINTER),
    "aurore.pharmacy.store": (CABINET,),
    "aurore.emergency.station": (WORKSTATION, WORKSTATION, WORKSTATION, PRINTER, ULTRASOUND, DEFIBRILLATOR),
    "aurore.emergency.store": (FRIDGE, CABINET),
    "aurore.emergency.resuscitation.1": (BED, MONITOR, VENTILATOR, PUMP, DEFIBRILLATOR),
    "aurore.emergency.resuscitation.2": (BED, MONITOR, VENTILATOR, PUMP, DEFIBRILLATOR),
    "aurore.icu.station": (WORKSTATION, WORKSTATION, DEFIBRILLATOR, ULTRASOUND),
    "aurore.icu.medication": (FRIDGE, CABINET),
    "aurore.sterilisation": (AUTOCLAVE, AUTOCLAVE, AUTOCLAVE, AUTOCLAVE, WORKSTATION),
    "aurore.sterilisation.wash": (WASHER, WASHER, WASHER),
    "aurore.sterilisation.store": (),
    "aurore.bloodbank": (FRIDGE, FRIDGE, WORKSTATION),
    "aurore.lab.cold": (FRIDGE, FRIDGE, FRIDGE),
    "aurore.lab.biochemistry": (ANALYSER, ANALYSER, ANALYSER, WORKSTATION),
    "aurore.vaccination.hall": (WORKSTATION, WORKSTATION, FRIDGE),
    "tilleuls.pharmacy": (WORKSTATION, FRIDGE, CABINET),
    "aurore.imaging.ct": (Kind("ct", "CT scanner", "Scanner", "medical", 4, "medical"),),
    "aurore.imaging.mri": (Kind("mri", "MRI scanner", "IRM", "medical", 3, "medical"),),
    "aurore.imaging.xray.1": (Kind("xray", "X-ray unit", "Table de radiologie", "medical", 3, "medical"),),
    "aurore.imaging.xray.2": (Kind("xray", "X-ray unit", "Table de radiologie", "medical", 3, "medical"),),
    "tilleuls.main.xray": (Kind("xray", "X-ray unit", "Table de radiologie", "medical", 2, "medical"),),
    "tilleuls.kitchen.cold": (
        Kind("fridge", "Kitchen cold store", "Chambre froide de cuisine", "utility", 2, "building"),
    ),
}
"""Things of single rooms, instead of those of the category."""

CALLED = {
    "aurore.ground.spine": "1001",
    "aurore.corridor.pharmacy": "1002",
    "aurore.ground.corridor.northeast": "1003",
    "aurore.ground.corridor.southwest": "1004",
    "aurore.ground.corridor.southeast": "1005",
}
"""Rooms whose fire detectors are called by ESPA 4.4.4, too."""

SHORT = {"workstation": "ws"}
"""Kinds whose ids begin otherwise."""


@dataclass
class Catalogue:
    """All assets so far, their addresses, and who is powered by which sector."""

    rows: list[Row] = field(default_factory=list)
    rooms: dict[str, Placed] = field(default_factory=dict)
    powered: dict[str, list[str]] = field(default_factory=dict)
    battery: dict[str, list[str]] = field(default_factory=dict)
    connected: dict[str, list[str]] = field(default_factory=dict)
    _hosts: dict[str, int] = field(default_factory=dict)
    _units: int = 9

    def add(self, id: str, zone: str, kind: Kind, *, names: tuple[str, str] | None = None, **more: Any) -> Row:
        """Put one thing into a room; gives it an address if its kind has a network."""
        room = self.rooms[zone]
        en, fr = names or (f"{kind.en}, {room.room.en}", f"{kind.fr}, {room.room.fr}")
        row: Row = {"id": id, "site": room.site, "name": {"en": en, "fr": fr}, "kind": kind.kind, "zone": zone}
        row |= {"at": [], "group": kind.group, "criticality": kind.criticality}
        addresses = dict(more.pop("addresses", {}))
        if kind.network:
            addresses |= self._address(room.site, kind.network, id)
        row |= {"addresses": addresses} if addresses else {}
        row |= more
        self.rows.append(row)
        sector = room.sector or f"{room.site}.general"
        if kind.powered:
            self.powered.setdefault(sector, []).append(id)
        if kind.battery:
            self.battery.setdefault(sector, []).append(id)
        return row

    def settle(self) -> None:
        """Give everything its position: cameras in the corner, the rest spread over the room."""
        by_room: dict[str, list[Row]] = {}
        for row in self.rows:
            by_room.setdefault(row["zone"], []).append(row)
        for zone, rows in by_room.items():
            room = self.rooms[zone]
            standing = [row for row in rows if row["kind"] != "camera"]
            for row, spot in zip(standing, room.spots(len(standing)), strict=True):
                row["at"] = list(spot)
            for row in rows:
                if row["kind"] == "camera":
                    row["at"] = list(room.corner())

    def modbus(self) -> str:
        """Return the next free Modbus address of the building's gateway."""
        self._units += 1
        return f"127.0.0.1:15020/{self._units}"

    def _address(self, site: str, network: str, id: str) -> dict[str, str]:
        key = f"{site}.{network}"
        number = self._hosts[key] = self._hosts.get(key, 0) + 1
        third, last = VLANS[network] + number // 240, 10 + number % 240
        self.connected.setdefault(f"net.{key}", []).append(id)
        site_byte = PREFIXES[site].split(".")[1]
        return {
            "ip": f"{PREFIXES[site]}.{third}.{last}",
            "mac": f"02:00:{int(site_byte):02x}:{VLANS[network]:02x}:{number // 256:02x}:{number % 256:02x}",
        }


COLD_POINTS = [
    {"name": "temperature", "register": "input:0", "scale": 0.1, "unit": "Cel", "low": 2.0, "high": 8.0},
    {"name": "lid", "register": "discrete:0", "alarm_on": True},
]
"""Refrigerator, 2 to 8 degrees: European Pharmacopoeia, general notices, "in a refrigerator"."""

FREEZER_POINTS = [
    {"name": "temperature", "register": "input:0", "scale": 0.1, "unit": "Cel", "low": -25.0, "high": -15.0},
    {"name": "lid", "register": "discrete:0", "alarm_on": True},
]
"""Freezer, -25 to -15 degrees: the storage range of several frozen vaccines."""


def furnish(storeys: list[Storey]) -> Catalogue:
    """Return the catalogue with everything that belongs to rooms: equipment, cameras, fire detectors."""
    catalogue = Catalogue()
    for storey in storeys:
        catalogue.rooms.update({placed.id: placed for placed in storey.rooms.values()})
    for placed in catalogue.rooms.values():
        _equip(catalogue, placed)
        _watch(catalogue, placed)
    _cold_room(catalogue)
    return catalogue


def _equip(catalogue: Catalogue, placed: Placed) -> None:
    contents = NAMED.get(placed.id, CONTENTS.get(placed.room.category, ()))
    if placed.room.category == "pharmacy" and placed.room.slug.endswith(".medication"):
        contents = (FRIDGE, CABINET)
    counts: dict[str, int] = {}
    for kind in contents:
        counts[kind.kind] = number = counts.get(kind.kind, 0) + 1
        more: Row = {}
        if kind.kind == "fridge":
            more = {"points": COLD_POINTS, "addresses": {"modbus": catalogue.modbus()}}
        if kind.kind == "ct":
            more = {"addresses": {"dicom": "AURORE_CT1"}}
        en, fr = placed.room.en, placed.room.fr
        names = (f"{kind.en} {number}, {en}", f"{kind.fr} {number}, {fr}")
        catalogue.add(f"{SHORT.get(kind.kind, kind.kind)}.{placed.id}.{number}", placed.id, kind, names=names, **more)


def _watch(catalogue: Catalogue, placed: Placed) -> None:
    """Put fire detectors where nobody sleeps (bedrooms have those of their corridor), cameras where people pass."""
    category = placed.room.category
    en, fr = placed.room.en, placed.room.fr
    if category not in ("outdoor", "ward", "outpatient"):
        catalogue.add(
            f"fire.{placed.id}",
            placed.id,
            Kind("fire_detector", "Fire detector", "Détecteur incendie", "fire", 3, powered=False),
            names=(f"Fire detector, {en}", f"Détecteur incendie, {fr}"),
            addresses={"mqtt": f"{placed.site}/fire/{placed.id.removeprefix(placed.site + '.')}"} | _called(placed),
            protects=[placed.id],
        )
    seen = category in ("corridor", "hall", "outdoor") or placed.id in ("aurore.vaccination.hall", "aurore.datacentre")
    if seen and "alley" not in placed.id:
        catalogue.add(
            f"camera.{placed.site}.{camera_name(placed.id)}",
            placed.id,
            Kind("camera", "Camera", "Caméra", "camera", 2, "camera"),
            names=(f"Camera, {en}", f"Caméra, {fr}"),
            watches=placed.id,
            protects=[placed.id],
        )


def _called(placed: Placed) -> dict[str, str]:
    """Return the call address that the fire panel gives a corridor's detector on the line of pagers."""
    number = CALLED.get(placed.id)
    return {"espa": number} if number else {}


def camera_name(zone: str) -> str:
    """Return the last part of a camera's id: place first, as people say it (``pharmacy.corridor``)."""
    rest = zone.partition(".")[2]
    return "pharmacy.corridor" if rest == "corridor.pharmacy" else rest


def _cold_room(catalogue: Catalogue) -> None:
    """Put the vaccine freezers and what they hold."""
    zone = "aurore.pharmacy.cold"
    freezer = Kind("freezer", "Vaccine freezer", "Congélateur à vaccins", "cold_chain", 4, "building")
    for number in (1, 2, 3):
        catalogue.add(
            f"freezer.aurore.vaccine.{number}",
            zone,
            freezer,
            names=(f"Vaccine freezer {number}", f"Congélateur à vaccins {number}"),
            addresses={"modbus": catalogue.modbus()},
            points=FREEZER_POINTS,
        )
    catalogue.add(
        "freezer.aurore.lab.1",
        "aurore.lab.cold",
        Kind("freezer", "Laboratory freezer", "Congélateur du laboratoire", "cold_chain", 3, "building"),
        names=("Laboratory freezer", "Congélateur du laboratoire"),
        addresses={"modbus": catalogue.modbus()},
        points=FREEZER_POINTS,
    )
    for number in (1, 2):
        catalogue.add(
            f"fridge.aurore.pharmacy.cold.{number}",
            zone,
            FRIDGE,
            names=(f"Pharmacy refrigerator {number}", f"Réfrigérateur de la pharmacie {number}"),
            addresses={"modbus": catalogue.modbus()},
            points=COLD_POINTS,
        )
    stock = Kind("stock", "Stock", "Stock", "pharmacy", 4, powered=False)
    catalogue.add("stock.aurore.vaccines", zone, stock, names=("Vaccine stock", "Stock de vaccins"))
    catalogue.add(
        "stock.aurore.insulin", zone, stock, names=("Insulin and cold medicines", "Insuline et médicaments au froid")
    )


def kinds_in(catalogue: Catalogue, site: str, *kinds: str) -> Iterator[str]:
    """Yield the ids of a site's things of some kinds."""
    return (row["id"] for row in catalogue.rows if row["site"] == site and row["kind"] in kinds)
