"""People: pseudonyms with roles, badges, accounts and the place where they usually work. All names are invented."""

from __future__ import annotations

import hashlib

from demo_hospital.things import Catalogue, Row

ROLES: dict[str, tuple[str, str]] = {
    "guard": ("Guard", "Agent de sûreté"),
    "shift_leader": ("Shift leader", "Chef d'équipe"),
    "security_manager": ("Security manager", "Responsable sûreté"),
    "ciso": ("Information security officer", "Responsable de la sécurité des systèmes d'information"),
    "it_operator": ("IT operator", "Exploitant informatique"),
    "crisis": ("Crisis director", "Directeur de crise"),
    "technician": ("Technician", "Technicien"),
    "biomedical": ("Biomedical engineer", "Ingénieur biomédical"),
    "pharmacist": ("Pharmacist", "Pharmacien"),
    "physician": ("Physician", "Médecin"),
    "nurse": ("Nurse", "Infirmier"),
    "laboratory": ("Laboratory technician", "Technicien de laboratoire"),
    "administration": ("Administration", "Administration"),
    "infant": ("Newborn", "Nouveau-né"),
}

FIRST = [
    "alix",
    "ines",
    "noe",
    "lena",
    "sacha",
    "maya",
    "tom",
    "jade",
    "leo",
    "eva",
    "hugo",
    "nina",
    "paul",
    "zoe",
    "adam",
    "lise",
    "yanis",
    "rose",
    "marc",
    "anna",
]
LAST = ["verdier", "castel", "morvan", "leclair", "aubray", "dumesnil", "rivoire", "pelletan", "sorel", "vasseur"]

STAFF: list[tuple[str, str, str, int, str]] = [
    ("pharmacist", "aurore", "aurore.pharmacy", 4, "ws.aurore.pharmacy."),
    ("pharmacist", "tilleuls", "tilleuls.pharmacy", 1, "ws.tilleuls.pharmacy."),
    ("guard", "aurore", "aurore.security.post", 6, "ws.aurore.security.post."),
    ("guard", "tilleuls", "tilleuls.security.post", 3, "ws.tilleuls.security.post."),
    ("shift_leader", "aurore", "aurore.security.post", 2, ""),
    ("security_manager", "aurore", "aurore.security.post", 1, ""),
    ("ciso", "aurore", "aurore.datacentre.operations", 1, "ws.aurore.datacentre.operations."),
    ("it_operator", "aurore", "aurore.datacentre.operations", 3, ""),
    ("crisis", "aurore", "aurore.security.post", 1, ""),
    ("technician", "aurore", "aurore.workshop", 4, ""),
    ("technician", "tilleuls", "tilleuls.energy", 1, ""),
    ("biomedical", "aurore", "aurore.workshop", 2, ""),
    ("physician", "aurore", "aurore.emergency.station", 4, "ws.aurore.emergency.station."),
    ("physician", "aurore", "aurore.icu.station", 3, "ws.aurore.icu.station."),
    ("nurse", "aurore", "aurore.vaccination.hall", 4, "ws.aurore.vaccination.hall."),
    ("nurse", "aurore", "aurore.ward.a.station", 3, "ws.aurore.ward.a.station."),
    ("nurse", "aurore", "aurore.ward.c.station", 2, "ws.aurore.ward.c.station."),
    ("nurse", "aurore", "aurore.ward.e.station", 2, "ws.aurore.ward.e.station."),
    ("nurse", "tilleuls", "tilleuls.geriatrics.station", 3, "ws.tilleuls.geriatrics.station."),
    ("nurse", "tilleuls", "tilleuls.dialysis.station", 2, "ws.tilleuls.dialysis.station."),
    ("laboratory", "aurore", "aurore.lab.biochemistry", 3, "ws.aurore.lab.biochemistry."),
    ("administration", "aurore", "aurore.admission.desk.1", 3, "ws.aurore.admission.desk."),
    ("administration", "aurore", "aurore.outpatient.reception", 2, "ws.aurore.outpatient.reception."),
    ("administration", "tilleuls", "tilleuls.reception", 2, "ws.tilleuls.reception."),
]
"""Role, site, usual zone, how many, and the beginning of the workstations' ids."""

BOTH_SITES = {1: ["aurore.pharmacy", "tilleuls.pharmacy"]}
"""People, by number, who work in more than one place: the first pharmacist is at Les Tilleuls on some days."""


def people(catalogue: Catalogue) -> list[Row]:
    """Return all people. Number 1 is the pharmacist whose code opens the pharmacy."""
    free = [row["id"] for row in catalogue.rows if row["kind"] == "workstation"]
    found: list[Row] = []
    for role, site, zone, count, workstations in STAFF:
        for _ in range(count):
            number = len(found) + 1
            name = f"{FIRST[number % len(FIRST)]}.{LAST[(number * 7 + number // 10) % len(LAST)]}"
            row: Row = {
                "holder": f"p-{hashlib.sha256(f'{number}'.encode()).hexdigest()[:8]}",
                "role": role,
                "site": site,
            }
            row |= {"badges": [f"card-{10000 + number}", f"code-{number:04d}"], "accounts": [name]}
            row |= {"mail": [f"{name}@sainte-aurore.example"]}
            mine = [id for id in free if workstations and id.startswith(workstations)]
            own = min(mine, key=len, default=None)  # the room itself before the rooms behind it
            if own:
                free.remove(own)
                row["workstation"] = own
            row["zones"] = BOTH_SITES.get(number, [zone])
            found.append(row)
    return found


ROUTES: list[Row] = [
    {"id": "route.aurore.security", "severity": 50, "sites": ["aurore"], "channels": ["page", "webpush"],
     "answer_within": "2 min",
     "levels": [["guard"], ["shift_leader"], ["security_manager"]]},
    {"id": "route.tilleuls.security", "severity": 50, "sites": ["tilleuls"], "channels": ["page", "webpush"],
     "answer_within": "3 min",
     "levels": [["guard"], ["shift_leader"], ["security_manager"]]},
    {"id": "route.cyber", "severity": 60, "channels": ["page", "webpush"],
     "answer_within": "5 min", "levels": [["it_operator"], ["ciso"]]},
    {"id": "route.crisis", "severity": 85, "channels": ["page", "webpush"],
     "answer_within": "10 min", "levels": [["crisis"]]},
]  # fmt: skip

VIEWS: Row = {
    "camera.aurore.pharmacy.corridor": {"person": [[0.62, 0.252], [0.95, 0.45]]},
    "camera.aurore.vaccination.hall": {"person": [[0.62, 0.186], [0.95, 0.285]]},
}
"""How tall a standing person is in the pictures of these cameras: (row of the feet, height), shares of the picture."""

DOORS: list[Row] = [
    {"id": "mail-intake", "source": "mail", "settings": {"host": "127.0.0.1", "port": 2525}},
    {"id": "hl7-scheduling", "source": "hl7", "settings": {"host": "127.0.0.1", "port": 2575}},
    {"id": "eve", "source": "eve", "settings": {"path": "eve/eve.json"}},
    {"id": "captures", "source": "capture", "settings": {"folder": "captures"}},
    {"id": "mqtt-listener", "source": "mqtt", "settings": {"host": "127.0.0.1", "port": 18830}},
    {"id": "intrusion-panels", "source": "sia-dc09", "settings": {"host": "127.0.0.1", "port": 12128}},
    {"id": "fire-panel", "source": "espa", "settings": {"host": "127.0.0.1", "port": 4444}},
    {
        "id": "access-control",
        "source": "access-webhook",
        "settings": {"host": "127.0.0.1", "port": 8093, "token_file": "access-control.token"},
    },
    {
        "id": "locating",
        "source": "fhir-rtls",
        "settings": {"host": "127.0.0.1", "port": 8092, "token_file": "locating.token"},
    },
    {"id": "modbus-building", "source": "modbus", "settings": {"interval": 2.0}},
    # no network: the people of the demo's clips are drawn, and networks take drawn figures for nobody
    {"id": "clips", "source": "camera", "settings": {"folder": "inbox", "model": "none", "cameras": VIEWS}},
]
"""Doors of the platform; relative paths are relative to the data folder."""
