"""Network, medical devices, care services and dependencies of the tiny hospital."""

from __future__ import annotations

from safecare.model.hospital import Asset, Dependency, Name, Service
from safecare.model.ids import ServiceId, ZoneId
from safecare.testing.hospital_building import SITE, asset


def network() -> tuple[Asset, ...]:
    """Return workstations, servers, applications and networks."""

    def machine(
        id: str, en: str, fr: str, kind: str, zone: str, at: tuple[float, float], ip: str, mac: str, criticality: int
    ) -> Asset:
        addresses = {"ip": ip, "mac": mac, "host": id.replace(".", "-")}
        return asset(id, en, fr, kind, zone, at, group="it", criticality=criticality, addresses=addresses)

    server = "aurore.server.room"
    return (
        machine(
            "ws.pharmacy.1",
            "Pharmacy workstation",
            "Poste de la pharmacie",
            "workstation",
            "aurore.office.pharmacy",
            (12, 28),
            "10.1.10.21",
            "02:00:00:00:10:21",
            2,
        ),
        machine(
            "ws.ward.1",
            "Ward workstation",
            "Poste de l'unité",
            "workstation",
            "aurore.ward.a",
            (2, 28),
            "10.1.10.31",
            "02:00:00:00:10:31",
            2,
        ),
        machine(
            "server.appointments",
            "Appointment server",
            "Serveur des rendez-vous",
            "server",
            server,
            (34, 4),
            "10.1.20.10",
            "02:00:00:00:20:10",
            3,
        ),
        machine(
            "server.directory",
            "Directory server",
            "Serveur d'annuaire",
            "server",
            server,
            (34, 6),
            "10.1.20.11",
            "02:00:00:00:20:11",
            4,
        ),
        machine(
            "server.mail",
            "Mail server",
            "Serveur de messagerie",
            "server",
            server,
            (34, 8),
            "10.1.20.12",
            "02:00:00:00:20:12",
            3,
        ),
        machine(
            "server.building",
            "Building management server",
            "Serveur de gestion technique",
            "server",
            server,
            (34, 10),
            "10.1.30.10",
            "02:00:00:00:30:10",
            3,
        ),
        asset(
            "app.appointments",
            "Appointment system",
            "Système de rendez-vous",
            "application",
            server,
            (35, 4),
            group="it",
            criticality=3,
            addresses={"hl7": "APPOINT"},
        ),
        asset(
            "list.vaccination",
            "Vaccination list",
            "Liste de vaccination",
            "appointment_list",
            "aurore.vaccination.hall",
            (24, 4),
            group="it",
            criticality=2,
            addresses={"hl7": "VACC"},
        ),
        asset(
            "data.appointments",
            "Appointment data",
            "Données des rendez-vous",
            "dataset",
            server,
            (35, 5),
            group="it",
            criticality=3,
        ),
        asset(
            "switch.north",
            "Switch north",
            "Commutateur nord",
            "switch",
            "aurore.technical.north",
            (31, 22),
            group="network",
            criticality=3,
            addresses={"ip": "10.1.99.2", "mac": "02:00:00:00:99:02"},
        ),
        asset(
            "switch.core",
            "Core switch",
            "Cœur de réseau",
            "switch",
            server,
            (33, 12),
            group="network",
            criticality=4,
            addresses={"ip": "10.1.99.1", "mac": "02:00:00:00:99:01"},
        ),
        asset(
            "net.staff",
            "Staff network",
            "Réseau du personnel",
            "network",
            server,
            (33, 13),
            group="network",
            criticality=3,
            addresses={"subnet": "10.1.10.0/24"},
        ),
        asset(
            "net.server",
            "Server network",
            "Réseau des serveurs",
            "network",
            server,
            (33, 14),
            group="network",
            criticality=4,
            addresses={"subnet": "10.1.20.0/24"},
        ),
        asset(
            "net.building",
            "Building network",
            "Réseau du bâtiment",
            "network",
            server,
            (33, 15),
            group="network",
            criticality=3,
            addresses={"subnet": "10.1.30.0/24"},
        ),
        asset(
            "net.medical",
            "Medical device network",
            "Réseau biomédical",
            "network",
            server,
            (36, 15),
            group="network",
            criticality=4,
            addresses={"subnet": "10.1.40.0/24"},
        ),
    )


def medical() -> tuple[Asset, ...]:
    """Return medical devices and the image archive."""
    return (
        asset(
            "modality.ct.1",
            "CT scanner",
            "Scanner",
            "ct",
            "aurore.ward.a",
            (8, 22),
            group="medical",
            criticality=3,
            addresses={"ip": "10.1.40.20", "mac": "02:00:00:00:40:20", "dicom": "CT1"},
        ),
        asset(
            "server.pacs",
            "Image archive",
            "Archive d'images",
            "pacs",
            "aurore.server.room",
            (35, 8),
            group="medical",
            criticality=3,
            addresses={"ip": "10.1.40.10", "mac": "02:00:00:00:40:10", "dicom": "PACS"},
        ),
        asset(
            "monitor.ward.1",
            "Patient monitor",
            "Moniteur patient",
            "monitor",
            "aurore.ward.a",
            (4, 26),
            group="medical",
            criticality=4,
            addresses={"ip": "10.1.40.31", "mac": "02:00:00:00:40:31"},
        ),
    )


def services() -> tuple[Service, ...]:
    """Return the care services."""
    return (
        Service(
            id=ServiceId("service.vaccination"),
            site=SITE,
            name=Name("Vaccination centre", "Centre de vaccination"),
            kind="vaccination",
            zones=(ZoneId("aurore.vaccination.hall"),),
            arrivals=30.0,
            capacity=40.0,
            stay=0.5,
            fallback_hours=4.0,
            fallback_efficiency=0.4,
            fallback=Name("Paper list", "Liste papier"),
            weight=1.0,
        ),
        Service(
            id=ServiceId("service.pharmacy"),
            site=SITE,
            name=Name("Pharmacy", "Pharmacie"),
            kind="pharmacy",
            zones=(ZoneId("aurore.pharmacy"), ZoneId("aurore.pharmacy.cold")),
            arrivals=12.0,
            capacity=20.0,
            stay=0.3,
            fallback_hours=8.0,
            fallback_efficiency=0.5,
            fallback=Name("Ward stocks", "Stocks des unités"),
            weight=2.0,
        ),
        Service(
            id=ServiceId("service.ward.a"),
            site=SITE,
            name=Name("Ward A", "Unité A"),
            kind="ward",
            zones=(ZoneId("aurore.ward.a"),),
            beds=20,
            arrivals=0.4,
            capacity=0.6,
            stay=96.0,
            fallback_hours=6.0,
            fallback_efficiency=0.7,
            fallback=Name("Paper chart", "Dossier papier"),
            weight=3.0,
        ),
    )


def dependencies() -> tuple[Dependency, ...]:
    """Return what needs, powers, hosts, connects what."""
    minutes, hours = 60.0, 3600.0
    cold_room = ("freezer.1", "freezer.2")
    return (
        Dependency(
            id="dep.board.north",
            kind="powers",
            of="board.north",
            on=(*cold_room, "switch.north", "ahu.north", "ws.pharmacy.1", "ws.ward.1", "monitor.ward.1"),
        ),
        Dependency(
            id="dep.board.south",
            kind="powers",
            of="board.south",
            on=("ups.server",),
            delay=(10 * minutes, 15 * minutes, 20 * minutes),
        ),
        Dependency(
            id="dep.ups",
            kind="powers",
            of="ups.server",
            on=("server.appointments", "server.directory", "server.mail", "switch.core", "server.pacs"),
        ),
        Dependency(
            id="dep.room.technical",
            kind="hosts",
            of="aurore.technical.north",
            on=("board.north", "switch.north"),
            delay=(2 * minutes, 10 * minutes, 30 * minutes),
            probability=(0.5, 0.8, 0.95),
        ),
        Dependency(id="dep.host.appointments", kind="hosts", of="server.appointments", on=("app.appointments",)),
        Dependency(id="dep.data", kind="stores", of="app.appointments", on=("data.appointments",)),
        Dependency(id="dep.stock.1", kind="stores", of="freezer.1", on=("vaccines",)),
        Dependency(
            id="dep.vaccines",
            kind="needs",
            of="vaccines",
            on=cold_room,
            at_least=1,
            delay=(1 * hours, 2 * hours, 4 * hours),
            probability=(0.7, 0.9, 1.0),
        ),
        Dependency(id="dep.staff", kind="connects", of="net.staff", on=("ws.pharmacy.1", "ws.ward.1")),
        Dependency(
            id="dep.server",
            kind="connects",
            of="net.server",
            on=("server.appointments", "server.directory", "server.mail"),
        ),
        Dependency(id="dep.building", kind="connects", of="net.building", on=("server.building",)),
        Dependency(
            id="dep.medical", kind="connects", of="net.medical", on=("modality.ct.1", "server.pacs", "monitor.ward.1")
        ),
        Dependency(id="dep.allow.staff.server", kind="allows", of="net.staff", on=("net.server",)),
        Dependency(id="dep.switch", kind="needs", of="net.staff", on=("switch.north", "switch.core")),
        Dependency(id="dep.control", kind="controls", of="server.building", on=("ahu.north", "door.technical")),
        Dependency(
            id="dep.service.vaccination", kind="needs", of="service.vaccination", on=("app.appointments", "vaccines")
        ),
        Dependency(
            id="dep.service.pharmacy",
            kind="needs",
            of="service.pharmacy",
            on=("ws.pharmacy.1", "freezer.1"),
            delay=(0.5 * hours, 1 * hours, 2 * hours),
        ),
        Dependency(
            id="dep.service.ward",
            kind="needs",
            of="service.ward.a",
            on=("monitor.ward.1", "service.pharmacy"),
            delay=(1 * hours, 4 * hours, 8 * hours),
            probability=(0.3, 0.5, 0.8),
        ),
    )
