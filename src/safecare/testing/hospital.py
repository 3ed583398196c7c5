"""A tiny hospital in code: one site, one ground floor, every kind of thing that rules look for.

Plan (metres)::

    y 30 +--------+----------+--------------+----------+
         | ward.a | office   | pharmacy     | technical|
         |        |          |   +----------+  .north  |
         |        |          |   | .cold    |          |
    y 20 +--------+----------+---+----------+----------+
         |      corridor.pharmacy (loiter_after)       | stairs
    y 16 +--------+----------+--------------+----------+
         | entrance          | vaccination  | server   |
         |                   |  .hall       |  .room   |
    y  0 +-------------------+--------------+----------+
           outdoor is south of it
"""

from __future__ import annotations

from safecare.model.hospital import Hospital, Level, Name, Person, Route, Site, Zone
from safecare.model.ids import AssetId, HolderId, ZoneId
from safecare.testing.hospital_building import SITE, building, cameras, doors
from safecare.testing.hospital_care import dependencies, medical, network, services

LEVEL = "aurore.0"


def small_hospital() -> Hospital:
    """Return the tiny hospital that tests and golden cases run on."""
    return Hospital(
        id="small",
        name=Name("Little Sainte-Aurore", "Petite Sainte-Aurore"),
        sites=(Site(id=SITE, name=Name("Sainte-Aurore", "Sainte-Aurore")),),
        levels=(
            Level(
                id=LEVEL,
                site=SITE,
                building="aurore.main",
                ordinal=0,
                name=Name("Ground floor", "Rez-de-chaussée"),
                building_name=Name("Main building", "Bâtiment principal"),
            ),
        ),
        zones=_zones(),
        assets=(*doors(), *cameras(), *building(), *network(), *medical()),
        services=services(),
        dependencies=dependencies(),
        people=_people(),
        roles={
            "guard": Name("Guard", "Agent de sûreté"),
            "shift_leader": Name("Shift leader", "Chef d'équipe"),
            "security_manager": Name("Security manager", "Responsable sûreté"),
            "pharmacist": Name("Pharmacist", "Pharmacien"),
            "nurse": Name("Nurse", "Infirmier"),
            "technician": Name("Technician", "Technicien"),
        },
        routes=(
            Route(
                id="route.security",
                severity=60,
                levels=(("guard",), ("shift_leader",), ("security_manager",)),
                answer_within=120.0,
            ),
        ),
    )


def _zones() -> tuple[Zone, ...]:
    def zone(
        id: str,
        en: str,
        fr: str,
        category: str,
        box: tuple[float, float, float, float],
        *,
        compartment: str = "fc.south",
        sector: str = "sector.north",
        security: str = "staff",
        crowd_at: int | None = None,
        loiter_after: float | None = None,
    ) -> Zone:
        left, low, right, high = box
        return Zone(
            id=ZoneId(id),
            site=SITE,
            level=LEVEL,
            name=Name(en, fr),
            category=category,
            outline=((left, low), (right, low), (right, high), (left, high)),
            fire_compartment=compartment,
            sector=sector,
            security=security,  # type: ignore[arg-type]
            crowd_at=crowd_at,
            loiter_after=loiter_after,
        )

    north = "fc.north"
    return (
        zone("aurore.entrance", "Entrance", "Entrée", "hall", (0, 0, 16, 16), security="public", sector="sector.south"),
        zone(
            "aurore.vaccination.hall",
            "Vaccination hall",
            "Hall de vaccination",
            "vaccination",
            (16, 0, 32, 16),
            security="public",
            crowd_at=20,
            sector="sector.south",
        ),
        zone(
            "aurore.server.room",
            "Server room",
            "Salle serveurs",
            "technical",
            (32, 0, 40, 16),
            security="critical",
            sector="sector.south",
        ),
        zone(
            "aurore.corridor.pharmacy",
            "Pharmacy corridor",
            "Couloir de la pharmacie",
            "corridor",
            (0, 16, 40, 20),
            compartment=north,
            loiter_after=120.0,
        ),
        zone("aurore.ward.a", "Ward A", "Unité A", "ward", (0, 20, 10, 30), compartment=north),
        zone("aurore.office.pharmacy", "Pharmacists' office", "Bureau des pharmaciens", "office", (10, 20, 18, 30)),
        Zone(
            id=ZoneId("aurore.pharmacy"),
            site=SITE,
            level=LEVEL,
            name=Name("Pharmacy", "Pharmacie"),
            category="pharmacy",
            outline=((18, 20), (24, 20), (24, 26), (30, 26), (30, 30), (18, 30)),
            fire_compartment=north,
            sector="sector.north",
            security="restricted",
        ),
        zone(
            "aurore.pharmacy.cold",
            "Pharmacy cold room",
            "Chambre froide de la pharmacie",
            "pharmacy",
            (24, 20, 30, 26),
            compartment=north,
            security="critical",
        ),
        zone(
            "aurore.technical.north",
            "Technical room north",
            "Local technique nord",
            "technical",
            (30, 20, 40, 30),
            compartment=north,
            security="restricted",
        ),
        zone("aurore.stairs.north", "North stairs", "Escalier nord", "stairs", (40, 16, 46, 20), compartment=north),
        zone(
            "aurore.outdoor",
            "Forecourt",
            "Parvis",
            "outdoor",
            (0, -20, 40, 0),
            compartment="",
            sector="",
            security="public",
        ),
    )


def _people() -> tuple[Person, ...]:
    def person(number: int, role: str, zone: str, workstation: str | None = None) -> Person:
        return Person(
            holder=HolderId(f"holder.{number}"),
            role=role,
            site=SITE,
            badges=(f"B{number:03d}", f"C{number:03d}"),
            accounts=(f"user{number}",),
            mail=(f"user{number}@aurore.example",),
            workstation=AssetId(workstation) if workstation else None,
            zones=(ZoneId(zone),),
        )

    return (
        person(1, "pharmacist", "aurore.pharmacy", "ws.pharmacy.1"),
        person(2, "nurse", "aurore.ward.a", "ws.ward.1"),
        person(3, "guard", "aurore.entrance"),
        person(4, "shift_leader", "aurore.entrance"),
        person(5, "security_manager", "aurore.entrance"),
        person(6, "technician", "aurore.technical.north"),
    )
