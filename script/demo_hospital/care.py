"""Care services: where they are, what flows through them, how long they can go on without their tools."""

# ruff: noqa: E501 - a table

from __future__ import annotations

from dataclasses import dataclass

from demo_hospital.rooms import Placed
from demo_hospital.things import Row

PAPER = ("Paper files", "Dossiers papier")
PHONE = ("Results by telephone", "Résultats par téléphone")
DIVERT = ("Diversion to the neighbouring hospital", "Réorientation vers l'hôpital voisin")
STOCKS = ("Stocks of the wards", "Stocks des unités")
LISTS = ("Printed lists", "Listes imprimées")


@dataclass(frozen=True)
class Care:
    """A service. `rooms` are beginnings of room ids; `apps` what it works with; `supplies` who supplies it."""

    slug: str
    site: str
    en: str
    fr: str
    kind: str
    rooms: tuple[str, ...]
    beds: int
    arrivals: float
    capacity: float
    stay: float
    fallback_hours: float
    efficiency: float
    fallback: tuple[str, str]
    weight: float
    apps: tuple[str, ...] = ()
    supplies: tuple[str, ...] = ()


def ward(letter: str, en: str, fr: str, weight: float = 3.0, kind: str = "ward") -> Care:
    """Return a ward of 14 beds with a mean stay of five days."""
    name = (f"Ward {letter.upper()}: {en}", f"Unité {letter.upper()} : {fr}")
    apps, supplies = ("ehr", "pharmacy", "lis"), ("service.pharmacy",)
    rooms = (f"ward.{letter}.",)
    return Care(
        f"ward.{letter}", "aurore", *name, kind, rooms, 14, 0.12, 0.17, 120.0, 6.0, 0.7, PAPER, weight, apps, supplies
    )


CARE: list[Care] = [
    Care("emergency", "aurore", "Emergency department", "Urgences", "emergency", ("emergency.",), 8, 6.0, 8.0, 4.0, 4.0, 0.5,
         DIVERT, 10.0, ("emergency", "ehr", "lis"), ("service.imaging.ct", "service.lab")),
    Care("icu", "aurore", "Intensive care", "Réanimation", "icu", ("icu.",), 13, 0.12, 0.16, 96.0, 3.0, 0.6,
         PAPER, 20.0, ("ehr", "lis"), ("service.pharmacy", "gas.aurore.oxygen", "gas.aurore.air")),
    Care("theatres", "aurore", "Operating theatres", "Bloc opératoire", "theatre", ("theatre.",), 0, 2.0, 3.0, 3.0, 2.0, 0.3,
         PAPER, 10.0, ("theatre", "ehr"), ("service.sterilisation", "gas.aurore.oxygen", "ahu.aurore.first.north")),
    Care("recovery", "aurore", "Recovery", "Salle de réveil", "recovery", ("theatre.recovery",), 4, 2.0, 3.0, 2.0, 4.0, 0.6,
         PAPER, 12.0, ("ehr",), ("gas.aurore.oxygen",)),
    Care("endoscopy", "aurore", "Endoscopy", "Endoscopie", "theatre", ("endoscopy.",), 0, 1.0, 1.5, 2.0, 3.0, 0.4,
         PAPER, 3.0, ("theatre",), ("service.sterilisation",)),
    Care("imaging.ct", "aurore", "CT", "Scanner", "imaging", ("imaging.ct",), 0, 3.0, 4.0, 0.5, 2.0, 0.3,
         DIVERT, 6.0, ("pacs",), ("ct.aurore.imaging.ct.1",)),
    Care("imaging.mri", "aurore", "MRI", "IRM", "imaging", ("imaging.mri",), 0, 1.5, 2.0, 1.0, 2.0, 0.3,
         DIVERT, 3.0, ("pacs",), ("mri.aurore.imaging.mri.1", "chiller.aurore.1")),
    Care("imaging.xray", "aurore", "X-ray", "Radiologie", "imaging", ("imaging.xray", "imaging.reading"), 0, 5.0, 8.0, 0.4, 4.0,
         0.5, PAPER, 3.0, ("pacs",), ("xray.aurore.imaging.xray.1.1",)),
    Care("lab", "aurore", "Laboratory", "Laboratoire", "laboratory", ("lab.",), 0, 20.0, 30.0, 1.0, 3.0, 0.4,
         PHONE, 5.0, ("lis", "integration"), ("analyser.aurore.lab.biochemistry.1",)),
    Care("bloodbank", "aurore", "Blood bank", "Dépôt de sang", "laboratory", ("bloodbank",), 0, 1.0, 3.0, 0.5, 6.0, 0.5,
         LISTS, 12.0, ("bloodbank",), ("fridge.aurore.bloodbank.1",)),
    Care("pharmacy", "aurore", "Pharmacy", "Pharmacie", "pharmacy", ("pharmacy",), 0, 15.0, 25.0, 0.5, 8.0, 0.5,
         STOCKS, 4.0, ("pharmacy",), ("ws.aurore.pharmacy.1", "stock.aurore.insulin")),
    Care("vaccination", "aurore", "Vaccination centre", "Centre de vaccination", "vaccination", ("vaccination.",), 0, 40.0, 60.0,
         0.5, 4.0, 0.4, LISTS, 1.0, ("appointments",), ("stock.aurore.vaccines",)),
    Care("sterilisation", "aurore", "Sterilisation", "Stérilisation", "sterilisation", ("sterilisation",), 0, 6.0, 10.0, 4.0,
         12.0, 0.5, STOCKS, 3.0, ("sterilisation",), ("water.aurore", "boiler.aurore")),
    Care("outpatient", "aurore", "Outpatient clinic", "Consultations", "outpatient", ("outpatient.", "samples"), 0, 25.0, 30.0, 0.7,
         6.0, 0.6, LISTS, 1.0, ("appointments", "ehr")),
    Care("admission", "aurore", "Admissions", "Admissions", "outpatient", ("admission.",), 0, 12.0, 20.0, 0.2, 8.0, 0.6,
         PAPER, 1.0, ("admission",)),
    Care("day", "aurore", "Day surgery", "Chirurgie ambulatoire", "ward", ("day.room.",), 16, 2.0, 2.5, 6.0, 4.0, 0.4,
         PAPER, 2.0, ("theatre", "ehr"), ("service.theatres",)),
    Care("cardiology", "aurore", "Cardiac intensive care", "Soins intensifs de cardiologie", "icu", ("cardiology.room.",), 6, 0.1, 0.14,
         72.0, 3.0, 0.6, PAPER, 15.0, ("ehr",), ("gas.aurore.oxygen",)),
    Care("kitchen", "tilleuls", "Meals", "Restauration", "other", ("kitchen",), 0, 60.0, 90.0, 0.5, 12.0, 0.5,
         ("Cold meals", "Repas froids"), 0.5, (), ("fridge.tilleuls.kitchen.cold.1",)),
    ward("a", "surgery", "chirurgie"), ward("b", "orthopaedics", "orthopédie"), ward("c", "cardiology", "cardiologie", 4.0),
    ward("d", "neurology", "neurologie", 4.0), ward("e", "internal medicine", "médecine interne"),
    ward("f", "pneumology", "pneumologie", 4.0), ward("g", "oncology", "oncologie", 4.0), ward("h", "nephrology", "néphrologie"),
    ward("m", "maternity", "maternité", 5.0, "maternity"), ward("n", "neonatology", "néonatologie", 8.0, "neonatology"), ward("p", "paediatrics", "pédiatrie", 4.0),
    ward("q", "gynaecology", "gynécologie"),
    Care("dialysis.tilleuls", "tilleuls", "Dialysis", "Dialyse", "dialysis", ("dialysis.hall",), 12, 3.0, 4.0, 4.0, 2.0, 0.2,
         DIVERT, 8.0, ("ehr",), ("water.tilleuls.dialysis",)),
    Care("rehab.ward", "tilleuls", "Rehabilitation ward", "Unité de rééducation", "ward", ("main.1.",), 20, 0.05, 0.08, 400.0, 12.0, 0.8,
         PAPER, 1.5, ("ehr",), ("service.pharmacy.tilleuls",)),
    Care("rehab.day", "tilleuls", "Rehabilitation, day care", "Rééducation de jour", "outpatient", ("rehab.",), 0, 8.0, 12.0, 1.5, 24.0, 0.8,
         LISTS, 0.8, ("appointments",)),
    Care("geriatrics.1", "tilleuls", "Geriatrics, ground floor", "Gériatrie, rez-de-chaussée", "ward", ("geriatrics.room",), 20, 0.04, 0.06,
         480.0, 12.0, 0.8, PAPER, 2.5, ("ehr",), ("service.pharmacy.tilleuls", "service.kitchen")),
    Care("geriatrics.2", "tilleuls", "Geriatrics, first floor", "Gériatrie, 1er étage", "ward", ("geriatrics.1.room",), 20, 0.04, 0.06, 480.0,
         12.0, 0.8, PAPER, 2.5, ("ehr",), ("service.pharmacy.tilleuls", "service.kitchen")),
    Care("psychiatry.1", "tilleuls", "Psychiatry, ground floor", "Psychiatrie, rez-de-chaussée", "ward", ("psychiatry.room",), 20, 0.05, 0.07,
         300.0, 12.0, 0.8, PAPER, 2.0, ("ehr",), ("service.pharmacy.tilleuls",)),
    Care("psychiatry.2", "tilleuls", "Psychiatry, first floor", "Psychiatrie, 1er étage", "ward", ("psychiatry.1.room",), 20, 0.05, 0.07,
         300.0, 12.0, 0.8, PAPER, 2.0, ("ehr",), ("service.pharmacy.tilleuls",)),
    Care("pharmacy.tilleuls", "tilleuls", "Pharmacy, Les Tilleuls", "Pharmacie, Les Tilleuls", "pharmacy", ("pharmacy",), 0, 4.0, 8.0, 0.5, 12.0,
         0.6, STOCKS, 3.0, ("pharmacy",), ("service.pharmacy",)),
    Care("imaging.tilleuls", "tilleuls", "X-ray, Les Tilleuls", "Radiologie, Les Tilleuls", "imaging", ("main.xray",), 0, 1.0, 2.0, 0.4, 24.0,
         0.5, DIVERT, 1.5, ("pacs",), ("xray.tilleuls.main.xray.1",)),
    Care("outpatient.tilleuls", "tilleuls", "Consultations, Les Tilleuls", "Consultations, Les Tilleuls", "outpatient", ("main.consultation.",), 0,
         5.0, 8.0, 0.6, 12.0, 0.6, LISTS, 1.0, ("appointments", "ehr")),
]  # fmt: skip


def service_id(care: Care) -> str:
    """Return the id of a service."""
    return f"service.{care.slug}"


def zones_of(care: Care, rooms: dict[str, Placed]) -> list[str]:
    """Return the zones of a service, in the order of the plans."""
    starts = tuple(f"{care.site}.{start}" for start in care.rooms)
    return [
        id
        for id, placed in rooms.items()
        if id.startswith(starts) and placed.room.category not in ("technical", "stairs")
    ]


def open_share(care: Care) -> float:
    """Return the share of a day in which `care` is open: figures above are by hour of opening, the files' by any hour."""
    return 10 / 24 if care.kind in {"outpatient", "vaccination"} else 1.0


def services(rooms: dict[str, Placed]) -> list[Row]:
    """Return all services as rows."""
    return [
        {
            "id": service_id(care),
            "site": care.site,
            "name": {"en": care.en, "fr": care.fr},
            "kind": care.kind,
            "zones": zones_of(care, rooms),
            "beds": care.beds,
            "arrivals": round(care.arrivals * open_share(care), 2),
            "capacity": round(care.capacity * open_share(care), 2),
            "stay": care.stay,
            "fallback_hours": care.fallback_hours,
            "fallback_efficiency": care.efficiency,
            "fallback": {"en": care.fallback[0], "fr": care.fallback[1]},
            "weight": care.weight,
        }
        for care in CARE
    ]
