"""The rooms of Sainte-Aurore, storey by storey. See `aurore` for where the rows lie."""

from __future__ import annotations

from demo_hospital.rooms import Room, many

Plan = dict[str, list[Room]]

FLOORS = {
    "ground": ("ground floor", "rez-de-chaussée"),
    "first": ("first floor", "1er étage"),
    "second": ("second floor", "2e étage"),
    "third": ("third floor", "3e étage"),
    "fourth": ("fourth floor", "4e étage"),
}
"""Names of the storeys inside a sentence, English and French."""


def ward(letter: str, en: str, fr: str, rooms: int = 7) -> list[Room]:
    """Return a ward: bedrooms, and the nurses' station."""
    slug = f"ward.{letter}"
    return [
        *many(
            f"{slug}.room",
            f"Ward {letter.upper()} ({en}), room",
            f"Unité {letter.upper()} ({fr}), chambre",
            "ward",
            rooms,
        ),
        Room(
            f"{slug}.station",
            f"Ward {letter.upper()} nurses' station",
            f"Poste de soins, unité {letter.upper()}",
            "office",
            6,
        ),
    ]


def care_rooms(slug: str, en: str, fr: str) -> list[Room]:
    """Return what every ward half needs beside bedrooms."""
    return [
        Room(
            f"{slug}.medication", f"Medication room, {en}", f"Salle des médicaments, {fr}", "pharmacy", 5, "restricted"
        ),
        Room(f"{slug}.care", f"Treatment room, {en}", f"Salle de soins, {fr}", "room", 6),
        Room(f"{slug}.staff", f"Staff room, {en}", f"Salle du personnel, {fr}", "office", 6),
        Room(f"{slug}.store", f"Store, {en}", f"Réserve, {fr}", "room", 5),
    ]


def technical(slug: str, en: str, fr: str) -> Room:
    """Return the technical room of half a storey."""
    return Room(f"technical.{slug}", f"Technical room {en}", f"Local technique {fr}", "technical", 8, "restricted")


def stairs(storey: str, side: str, fr: str) -> Room:
    """Return the stairs of one side."""
    floor, etage = FLOORS[storey]
    return Room(f"{storey}.stairs.{side}", f"Stairs {side}, {floor}", f"Escalier {fr}, {etage}", "stairs", 6)


BASEMENT: Plan = {
    "cap south": [Room("basement.shaft", "Service shaft", "Gaine technique", "room", 4)],
    "north, west": [
        Room("generator.hall", "Generator hall", "Salle des groupes électrogènes", "technical", 14, "critical"),
        Room("switchboard", "Main switchboard", "Tableau général basse tension", "technical", 10, "critical"),
        Room("ups.room", "UPS room", "Salle des onduleurs", "technical", 8, "critical"),
        Room("gas.room", "Medical gas station", "Centrale de gaz médicaux", "technical", 10, "critical"),
    ],
    "north, east": [
        Room("chiller.room", "Chilled water plant", "Production d'eau glacée", "technical", 12, "restricted"),
        Room("boiler.room", "Boiler room", "Chaufferie", "technical", 10, "restricted"),
        Room("water.room", "Water and pumps", "Eau et pompes", "technical", 8, "restricted"),
        Room("workshop", "Workshop", "Atelier", "room", 10),
    ],
    "upper, west": [
        Room("datacentre", "Data centre", "Centre de données", "datacentre", 16, "critical"),
        Room("datacentre.operations", "IT operations", "Exploitation informatique", "office", 10, "restricted"),
        technical("basement.north", "basement north", "sous-sol nord"),
        Room("network.room", "Network room", "Local réseau principal", "datacentre", 6, "critical"),
    ],
    "upper, east": [
        *many("archive", "Archive", "Archives", "room", 3, 8),
        Room("waste", "Waste room", "Local déchets", "room", 8),
        Room("linen", "Linen", "Lingerie", "room", 8),
    ],
    "lower, west": [
        Room(
            "sterilisation.wash", "Sterilisation: washing", "Stérilisation : lavage", "sterilisation", 10, "restricted"
        ),
        Room(
            "sterilisation",
            "Sterilisation: autoclaves",
            "Stérilisation : autoclaves",
            "sterilisation",
            16,
            "restricted",
        ),
        Room("sterilisation.store", "Sterile store", "Arsenal stérile", "sterilisation", 10, "restricted"),
        Room("sterilisation.office", "Sterilisation office", "Bureau de la stérilisation", "office", 6),
    ],
    "lower, east": [
        technical("basement.south", "basement south", "sous-sol sud"),
        *many("changing", "Changing room", "Vestiaire", "room", 4, 7),
    ],
    "south, west": [
        Room("dock", "Loading dock", "Quai de livraison", "room", 14),
        Room("stock", "Central store", "Magasin central", "room", 16),
        Room("kitchen.relay", "Meal relay", "Relais repas", "room", 10),
    ],
    "south, east": [
        Room("mortuary", "Mortuary", "Chambre mortuaire", "room", 10, "restricted"),
        Room("mortuary.family", "Family room", "Salon des familles", "room", 6),
        *many("depot", "Depot", "Dépôt", "room", 4, 7),
    ],
}

GROUND: Plan = {
    "north, west": [
        Room("vaccination.reception", "Vaccination reception", "Accueil vaccination", "hall", 8, "public"),
        # 40 people are a full hall (4 square metres each); its camera counts about 25 of them: the rest is hidden.
        Room("vaccination.hall", "Vaccination hall", "Hall de vaccination", "vaccination", 20, "public", crowd_at=25),
        *many("vaccination.booth", "Vaccination booth", "Box de vaccination", "vaccination", 2, 4),
        Room(
            "vaccination.rest",
            "Observation after vaccination",
            "Surveillance post-vaccinale",
            "vaccination",
            10,
            "public",
        ),
    ],
    "north, east": [
        Room(
            "outpatient.reception",
            "Outpatient reception",
            "Accueil des consultations",
            "hall",
            10,
            "public",
            crowd_at=40,
        ),
        *many("outpatient.room", "Consultation room", "Salle de consultation", "outpatient", 7),
    ],
    "upper, west": [
        Room("pharmacy.store", "Pharmacy store", "Réserve de la pharmacie", "pharmacy", 8, "restricted"),
        Room("pharmacy.office", "Pharmacists' office", "Bureau des pharmaciens", "office", 6),
        Room(
            "pharmacy.cold",
            "Pharmacy cold room",
            "Chambre froide de la pharmacie",
            "pharmacy",
            7,
            "critical",
            via="pharmacy",
        ),
        Room("pharmacy", "Pharmacy", "Pharmacie", "pharmacy", 12, "restricted"),
        technical("north", "north", "nord"),
        stairs("ground", "west", "ouest"),
    ],
    "upper, east": [
        stairs("ground", "east", "est"),
        Room("samples", "Blood sampling", "Prélèvements", "outpatient", 8, "public"),
        *many("admission.desk", "Admission desk", "Bureau des admissions", "office", 4, 5),
        Room("social", "Social services", "Service social", "office", 6),
        Room("chapel", "Quiet room", "Lieu de recueillement", "room", 6, "public"),
    ],
    "lower, west": [
        Room("imaging.ct", "CT room", "Salle scanner", "imaging", 9),
        Room("imaging.ct.control", "CT control", "Commande scanner", "office", 4),
        Room("imaging.mri", "MRI room", "Salle IRM", "imaging", 10, "restricted"),
        Room("imaging.xray.1", "X-ray room 1", "Salle de radiologie 1", "imaging", 7),
        Room("imaging.xray.2", "X-ray room 2", "Salle de radiologie 2", "imaging", 7),
        Room("imaging.reading", "Reading room", "Salle d'interprétation", "office", 6),
    ],
    "lower, east": [
        Room("emergency.resuscitation.1", "Resuscitation bay 1", "Salle de déchocage 1", "emergency", 7),
        Room("emergency.resuscitation.2", "Resuscitation bay 2", "Salle de déchocage 2", "emergency", 7),
        *many("emergency.box", "Emergency cubicle", "Box des urgences", "emergency", 6, 4),
        technical("south", "south", "sud"),
    ],
    "south, west": [
        Room("security.post", "Security control room", "Poste central de sécurité", "security", 10, "critical"),
        Room("imaging.reception", "Imaging reception", "Accueil imagerie", "hall", 9, "public"),
        Room("cafeteria", "Cafeteria", "Cafétéria", "hall", 14, "public"),
        Room("shop", "Shop", "Boutique", "room", 7, "public"),
    ],
    "south, east": [
        Room("emergency.triage", "Triage", "Accueil et orientation", "emergency", 7),
        Room("emergency.waiting", "Emergency waiting room", "Attente des urgences", "hall", 12, "public", crowd_at=45),
        Room("emergency.station", "Emergency station", "Poste des urgences", "office", 8),
        Room("emergency.store", "Emergency store", "Réserve des urgences", "pharmacy", 5, "restricted"),
        Room("emergency.ambulance", "Ambulance hall", "Garage des ambulances", "hall", 12),
    ],
    "cap south": [Room("entrance", "Entrance hall", "Hall d'entrée", "hall", 4, "public")],
}

FIRST: Plan = {
    "north, west": [*many("theatre", "Operating theatre", "Salle d'opération", "theatre", 5, 9)],
    "north, east": [*many("icu.room", "Intensive care room", "Chambre de réanimation", "icu", 9, 5)],
    "upper, west": [
        *many("theatre", "Operating theatre", "Salle d'opération", "theatre", 2, 9, first=6),
        Room("theatre.recovery", "Recovery room", "Salle de réveil", "recovery", 14),
        technical("first.north", "first floor north", "1er étage nord"),
        stairs("first", "west", "ouest"),
    ],
    "upper, east": [
        stairs("first", "east", "est"),
        Room("icu.station", "Intensive care station", "Poste de réanimation", "office", 9),
        Room("icu.medication", "Intensive care medication", "Médicaments de réanimation", "pharmacy", 6, "restricted"),
        *many("icu.room", "Intensive care room", "Chambre de réanimation", "icu", 4, 5, first=10),
        Room("icu.family", "Family room, intensive care", "Salon des familles, réanimation", "room", 5),
    ],
    "lower, west": [
        *many("endoscopy", "Endoscopy room", "Salle d'endoscopie", "theatre", 2, 8),
        Room("theatre.store", "Theatre store", "Réserve du bloc", "room", 8),
        Room("theatre.changing", "Theatre changing rooms", "Vestiaires du bloc", "room", 8),
        Room("theatre.office", "Theatre coordination", "Coordination du bloc", "office", 7),
        Room("bloodbank", "Blood bank", "Dépôt de sang", "laboratory", 7, "restricted"),
    ],
    "lower, east": [
        Room("lab.biochemistry", "Biochemistry", "Biochimie", "laboratory", 11, "restricted"),
        Room("lab.haematology", "Haematology", "Hématologie", "laboratory", 9, "restricted"),
        Room("lab.microbiology", "Microbiology", "Microbiologie", "laboratory", 9, "restricted"),
        technical("first.south", "first floor south", "1er étage sud"),
        Room("lab.reception", "Sample reception", "Réception des prélèvements", "office", 7),
    ],
    "south, west": [*many("day.room", "Day surgery room", "Chambre de chirurgie ambulatoire", "ward", 8)],
    "south, east": [
        Room("lab.cold", "Laboratory cold room", "Chambre froide du laboratoire", "laboratory", 6, "restricted"),
        Room("lab.store", "Laboratory store", "Réserve du laboratoire", "room", 6),
        Room("lab.office", "Biologists' office", "Bureau des biologistes", "office", 6),
        *many(
            "cardiology.room", "Cardiology intensive care room", "Chambre de soins intensifs de cardiologie", "icu", 6
        ),
    ],
}


def ward_storey(storey: str, en: str, fr: str, wards: list[tuple[str, str, str]]) -> Plan:
    """Return a storey of four wards."""
    (a, b, c, d) = wards
    ordinal = storey
    return {
        "north, west": ward(*a),
        "north, east": ward(*b),
        "south, west": ward(*c),
        "south, east": ward(*d),
        "upper, west": [
            *care_rooms(f"{ordinal}.northwest", f"{en} north-west", f"{fr} nord-ouest"),
            technical(f"{ordinal}.north", f"{en} north", f"{fr} nord"),
            stairs(ordinal, "west", "ouest"),
        ],
        "upper, east": [
            stairs(ordinal, "east", "est"),
            *care_rooms(f"{ordinal}.northeast", f"{en} north-east", f"{fr} nord-est"),
        ],
        "lower, west": [
            *care_rooms(f"{ordinal}.southwest", f"{en} south-west", f"{fr} sud-ouest"),
            technical(f"{ordinal}.south", f"{en} south", f"{fr} sud"),
        ],
        "lower, east": [
            *care_rooms(f"{ordinal}.southeast", f"{en} south-east", f"{fr} sud-est"),
            Room(f"{ordinal}.lounge", f"Lounge, {en}", f"Salon, {fr}", "room", 8, "public"),
        ],
    }


SECOND = ward_storey(
    "second",
    "second floor",
    "2e étage",
    [
        ("a", "surgery", "chirurgie"),
        ("b", "orthopaedics", "orthopédie"),
        ("c", "cardiology", "cardiologie"),
        ("d", "neurology", "neurologie"),
    ],
)
THIRD = ward_storey(
    "third",
    "third floor",
    "3e étage",
    [
        ("e", "internal medicine", "médecine interne"),
        ("f", "pneumology", "pneumologie"),
        ("g", "oncology", "oncologie"),
        ("h", "nephrology", "néphrologie"),
    ],
)
FOURTH = ward_storey(
    "fourth",
    "fourth floor",
    "4e étage",
    [
        ("m", "maternity", "maternité"),
        ("n", "neonatology", "néonatologie"),
        ("p", "paediatrics", "pédiatrie"),
        ("q", "gynaecology", "gynécologie"),
    ],
)

STOREYS: list[tuple[int, str, str, str, Plan]] = [
    (-1, "basement", "Basement", "Sous-sol", BASEMENT),
    (0, "ground", "Ground floor", "Rez-de-chaussée", GROUND),
    (1, "first", "First floor", "1er étage", FIRST),
    (2, "second", "Second floor", "2e étage", SECOND),
    (3, "third", "Third floor", "3e étage", THIRD),
    (4, "fourth", "Fourth floor", "4e étage", FOURTH),
]
