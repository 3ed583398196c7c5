"""Information technology and utilities: what is in technical rooms and the data centre."""

from __future__ import annotations

from demo_hospital.rooms import Placed, Storey
from demo_hospital.things import PREFIXES, VLANS, Catalogue, Kind, Row

BOARD = Kind("electrical_board", "Electrical board", "Tableau électrique", "utility", 4, powered=False)
SWITCH = Kind("switch", "Access switch", "Commutateur", "network", 3)
AHU = Kind("ahu", "Air handling unit", "Centrale de traitement d'air", "utility", 3)
SERVER = Kind("server", "Server", "Serveur", "it", 3, "server", powered=False)
APPLICATION = Kind("application", "Application", "Application", "it", 3, powered=False)
DATA = Kind("dataset", "Data", "Données", "it", 3, powered=False)
NETWORK = Kind("network", "Network", "Réseau", "network", 3, powered=False)
UTILITY = Kind("utility", "Utility", "Utilité", "utility", 4, powered=False)

BOARD_POINTS = [
    {"name": "mains", "register": "discrete:0", "alarm_on": False},
    {"name": "voltage", "register": "input:0", "scale": 0.1, "unit": "V", "low": 207.0, "high": 253.0},
]
"""Supply voltage 230 V, plus or minus 10 %: EN 50160."""

AIR_POINTS = [
    {"name": "supply_temperature", "register": "input:0", "scale": 0.1, "unit": "Cel", "low": 14.0, "high": 24.0},
    {"name": "pressure", "register": "input:1", "unit": "Pa", "low": 100.0, "high": 400.0},
]

GAS_POINTS = [{"name": "pressure", "register": "input:0", "scale": 0.01, "unit": "bar", "low": 3.6, "high": 5.0}]
"""Pipeline pressure 4 to 5 bar, minus 10 %: ISO 7396-1."""

APPLICATIONS: list[tuple[str, str, str, int, str]] = [
    ("appointments", "Appointment system", "Système de rendez-vous", 3, "APPOINT"),
    ("ehr", "Electronic health record", "Dossier patient informatisé", 4, "EHR"),
    ("pacs", "Image archive (PACS)", "Archive d'images (PACS)", 3, "PACS"),
    ("lis", "Laboratory system (LIS)", "Système de laboratoire (SGL)", 4, "LIS"),
    ("pharmacy", "Pharmacy system", "Système de la pharmacie", 3, "PHARMA"),
    ("emergency", "Emergency system", "Système des urgences", 4, "EMERG"),
    ("theatre", "Theatre planning", "Programmation du bloc", 3, "THEATRE"),
    ("admission", "Admissions", "Admissions", 3, "ADT"),
    ("bloodbank", "Blood bank system", "Système du dépôt de sang", 3, "BLOOD"),
    ("sterilisation", "Sterilisation tracking", "Traçabilité de stérilisation", 2, "STERI"),
    ("mail", "Mail", "Messagerie", 2, ""),
    ("telephony", "Telephony", "Téléphonie", 3, ""),
    ("access", "Access control", "Contrôle d'accès", 3, ""),
    ("video", "Video surveillance", "Vidéosurveillance", 2, ""),
    ("building", "Building management", "Gestion technique du bâtiment", 3, ""),
    ("integration", "Message hub", "Plateforme d'échange", 4, "HUB"),
    ("files", "File shares", "Partages de fichiers", 2, ""),
    ("backup", "Backup", "Sauvegarde", 3, ""),
]
"""Applications of Sainte-Aurore: name, importance, and what it is called in HL7 messages. Each has one server."""

DATASETS = [
    ("appointments", "Appointment data", "Données des rendez-vous"),
    ("ehr", "Health records", "Dossiers des patients"),
    ("pacs", "Images", "Images"),
    ("lis", "Laboratory results", "Résultats de laboratoire"),
]

PLANT: list[tuple[str, str, str, str, str, str]] = [
    ("grid.aurore", "switchboard", "grid", "Public grid feed", "Arrivée du réseau public", ""),
    ("board.aurore.general", "switchboard", "electrical_board", "Main switchboard", "Tableau général", "board"),
    ("generator.aurore.1", "generator.hall", "generator", "Generator 1", "Groupe électrogène 1", "power"),
    ("generator.aurore.2", "generator.hall", "generator", "Generator 2", "Groupe électrogène 2", "power"),
    ("ups.aurore.datacentre", "ups.room", "ups", "UPS of the data centre", "Onduleur du centre de données", "power"),
    ("ups.aurore.theatres", "ups.room", "ups", "UPS of the theatres", "Onduleur du bloc", "power"),
    ("ups.aurore.icu", "ups.room", "ups", "UPS of intensive care", "Onduleur de la réanimation", "power"),
    ("chiller.aurore.1", "chiller.room", "chiller", "Chiller 1", "Groupe froid 1", "air"),
    ("chiller.aurore.2", "chiller.room", "chiller", "Chiller 2", "Groupe froid 2", "air"),
    ("boiler.aurore", "boiler.room", "boiler", "Boilers", "Chaudières", ""),
    ("water.aurore", "water.room", "water", "Water supply", "Alimentation en eau", ""),
    ("gas.aurore.oxygen", "gas.room", "medical_gas", "Medical oxygen", "Oxygène médical", "gas"),
    ("gas.aurore.air", "gas.room", "medical_gas", "Medical air", "Air médical", "gas"),
    ("gas.aurore.vacuum", "gas.room", "medical_gas", "Medical vacuum", "Vide médical", ""),
]
"""Plant of Sainte-Aurore: id, room, kind, names, and which points it has."""

PLANT_TILLEULS: list[tuple[str, str, str, str, str, str]] = [
    ("grid.tilleuls", "energy", "grid", "Public grid feed, Les Tilleuls", "Arrivée du réseau public, Les Tilleuls", ""),
    (
        "board.tilleuls.general",
        "energy",
        "electrical_board",
        "Main switchboard, Les Tilleuls",
        "Tableau général, Les Tilleuls",
        "board",
    ),
    (
        "generator.tilleuls",
        "energy",
        "generator",
        "Generator, Les Tilleuls",
        "Groupe électrogène, Les Tilleuls",
        "power",
    ),
    ("ups.tilleuls.server", "server.room", "ups", "UPS, Les Tilleuls", "Onduleur, Les Tilleuls", "power"),
    (
        "gas.tilleuls.oxygen",
        "gas.room",
        "medical_gas",
        "Medical oxygen, Les Tilleuls",
        "Oxygène médical, Les Tilleuls",
        "gas",
    ),
    ("water.tilleuls.dialysis", "dialysis.water", "water", "Dialysis water", "Eau de dialyse", ""),
]

POINTS = {"board": BOARD_POINTS, "power": BOARD_POINTS[:1], "air": AIR_POINTS, "gas": GAS_POINTS}


def equip(catalogue: Catalogue, storeys: list[Storey]) -> None:
    """Put boards, switches and air handling into technical rooms, plant and machines into theirs."""
    for storey in storeys:
        for placed in storey.rooms.values():
            if placed.room.slug.startswith("technical."):
                _technical(catalogue, placed)
    for site, plant in (("aurore", PLANT), ("tilleuls", PLANT_TILLEULS)):
        for id, room, kind, en, fr, points in plant:
            _plant(catalogue, id, f"{site}.{room}", kind, (en, fr), points)
    _data_centre(catalogue)
    _networks(catalogue)
    _credentials(catalogue)
    _lists(catalogue)


def board_of(sector: str) -> str:
    """Return the board that feeds a sector: that of the ground floor is called by its half alone."""
    return f"board.{sector.replace('aurore.ground.', 'aurore.')}"


def _technical(catalogue: Catalogue, placed: Placed) -> None:
    board = board_of(placed.sector)
    rest = board.removeprefix("board.")
    en, fr = placed.room.en.removeprefix("Technical room "), placed.room.fr.removeprefix("Local technique ")
    mqtt = {"mqtt": f"{placed.site}/power/{rest.removeprefix(placed.site + '.')}"}
    names = (f"Electrical board {en}", f"Tableau électrique {fr}")
    addresses = mqtt | {"modbus": catalogue.modbus()}
    catalogue.add(board, placed.id, BOARD, names=names, addresses=addresses, points=BOARD_POINTS)
    names = (f"Access switch {en}", f"Commutateur {fr}")
    catalogue.add(f"switch.{rest}", placed.id, SWITCH, names=names)
    names = (f"Air handling unit {en}", f"Centrale de traitement d'air {fr}")
    modbus = {"modbus": catalogue.modbus()}
    catalogue.add(f"ahu.{rest}", placed.id, AHU, names=names, addresses=modbus, points=AIR_POINTS)


def _plant(catalogue: Catalogue, id: str, zone: str, kind: str, names: tuple[str, str], points: str) -> None:
    what = Kind(kind, *names, "utility", 4, powered=False)
    more: Row = {}
    if points:
        more = {"points": POINTS[points], "addresses": {"modbus": catalogue.modbus()}}
    if points in ("board", "power"):
        site, rest = zone.split(".")[0], id.replace("board.", "").split(".", 1)[-1]
        more["addresses"]["mqtt"] = f"{site}/power/{kind}.{rest}"
    catalogue.add(id, zone, what, names=names, **more)


def _data_centre(catalogue: Catalogue) -> None:
    zone = "aurore.datacentre"
    for slug, en, fr, criticality, hl7 in APPLICATIONS:
        server = Kind("server", *SERVER_NAMES, "it", criticality, "server", powered=False)
        catalogue.add(f"server.{slug}", zone, server, names=(f"Server: {en}", f"Serveur : {fr}"))
        application = Kind("application", en, fr, "it", criticality, powered=False)
        addresses = {"hl7": hl7} if hl7 else {}
        catalogue.add(f"app.{slug}", zone, application, names=(en, fr), addresses=addresses)
    for number in (1, 2):
        names = (f"Directory server {number}", f"Serveur d'annuaire {number}")
        catalogue.add(f"server.directory.{number}", zone, SERVER, names=names)
    for number in (1, 2, 3):
        storage = Kind("storage", "Storage", "Stockage", "it", 4, "server", powered=False)
        catalogue.add(
            f"storage.{number}", zone, storage, names=(f"Storage node {number}", f"Nœud de stockage {number}")
        )
    for slug, en, fr in DATASETS:
        catalogue.add(f"data.{slug}", zone, DATA, names=(en, fr))
    local = Kind("server", *SERVER_NAMES, "it", 2, "server", powered=False)
    names = ("Local server, Les Tilleuls", "Serveur local, Les Tilleuls")
    catalogue.add("server.tilleuls.local", "tilleuls.server.room", local, names=names)


SERVER_NAMES = (SERVER.en, SERVER.fr)


def _networks(catalogue: Catalogue) -> None:
    words = {
        "staff": ("Staff network", "Réseau du personnel"),
        "server": ("Server network", "Réseau des serveurs"),
        "building": ("Building network", "Réseau du bâtiment"),
        "medical": ("Medical device network", "Réseau biomédical"),
        "camera": ("Camera network", "Réseau des caméras"),
    }
    zones = {"aurore": "aurore.network.room", "tilleuls": "tilleuls.server.room"}
    for site, zone in zones.items():
        for vlan, third in VLANS.items():
            en, fr = words[vlan]
            place = "Sainte-Aurore" if site == "aurore" else "Les Tilleuls"
            addresses = {"subnet": f"{PREFIXES[site]}.{third}.0/23", "vlan": f"{site}-{third}"}
            names = (f"{en}, {place}", f"{fr}, {place}")
            catalogue.add(f"net.{site}.{vlan}", zone, NETWORK, names=names, addresses=addresses)
    core = Kind("switch", "Core switch", "Cœur de réseau", "network", 4, powered=False)
    for id, zone, en, fr in (
        ("switch.aurore.core.1", zones["aurore"], "Core switch 1", "Cœur de réseau 1"),
        ("switch.aurore.core.2", zones["aurore"], "Core switch 2", "Cœur de réseau 2"),
        ("firewall.aurore", zones["aurore"], "Firewall", "Pare-feu"),
        ("switch.tilleuls.core", zones["tilleuls"], "Core switch, Les Tilleuls", "Cœur de réseau, Les Tilleuls"),
        ("link.aurore.tilleuls", zones["aurore"], "Link to Les Tilleuls", "Liaison vers Les Tilleuls"),
    ):
        kind = core if "switch" in id else Kind(id.split(".")[0], en, fr, "network", 4, powered=False)
        catalogue.add(id, zone, kind, names=(en, fr))


def _credentials(catalogue: Catalogue) -> None:
    code = Kind("credential", "Door code", "Code de porte", "door", 3, powered=False)
    for id, en, fr in (
        ("code.aurore.pharmacy", "Code of the pharmacy doors", "Code des portes de la pharmacie"),
        ("code.aurore.technical", "Code of the technical rooms", "Code des locaux techniques"),
        ("code.aurore.datacentre", "Code of the data centre", "Code du centre de données"),
    ):
        catalogue.add(id, "aurore.security.post", code, names=(en, fr))


LISTS = [
    ("vaccination", "aurore.vaccination.hall", "VACC", "Vaccination list", "Liste de vaccination"),
    ("cardiology", "aurore.outpatient.room.1", "CARDIO", "Cardiology list", "Liste de cardiologie"),
    ("paediatrics", "aurore.outpatient.room.2", "PEDIA", "Paediatrics list", "Liste de pédiatrie"),
    ("radiology", "aurore.imaging.reception", "RADIO", "Radiology list", "Liste de radiologie"),
]
"""Appointment lists: what HL7 scheduling messages call a resource, and where its patients go."""


def _lists(catalogue: Catalogue) -> None:
    kind = Kind("appointment_list", "Appointment list", "Liste de rendez-vous", "it", 2, powered=False)
    for slug, zone, hl7, en, fr in LISTS:
        catalogue.add(f"list.{slug}", zone, kind, names=(en, fr), addresses={"hl7": hl7})
