"""All screens of an administrator, with what fills them."""

from __future__ import annotations

from collections.abc import Iterator

from e2e_people import House

NAMED = (
    "alerts",
    "scenarios",
    "health",
    "rejects",
    "audit",
    "availability",
    "guard",
    "admin",
    "account",
    "crisis",
    "detections",
    "inventory",
    "suppressions",
    "risk",
)
"""Screens whose address is their name."""


def filled(house: House) -> str:
    """Play the attack that fills the screens, and something unreadable for the rejects; return the incident."""
    house.attacker.all()
    house.attacker.field(("aurore/doors/pharmacy", {"access": "blown up"}))
    house.until("/api/alerts", lambda alerts: sum(bool(one["incident"]) for one in alerts) >= 5)
    house.until("/api/rejects", bool)
    return house.incident()


def screens(house: House, incident: str) -> Iterator[tuple[str, str]]:
    """Yield name and address of every screen of an administrator."""
    notice = house.until("/api/guard", lambda guard: bool(guard["notices"]))["notices"][0]["id"]
    yield "board", "/"
    yield "incident", f"/incident/{incident}"
    yield "impact", f"/incident/{incident}/impact"
    yield "share", f"/share/{incident}"
    yield "drawing", "/drawing/aurore.1"
    yield "cameras", "/cameras/camera.aurore.basement.spine"
    yield from ((name, f"/{name}") for name in NAMED)
    yield "plain-notice", f"/a/{notice}"
    yield "print", f"/print/{incident}"
    yield "print-crisis", "/print-crisis"
    yield "report", f"/report/{incident}/final"
    yield "unknown", "/no-such-page"
    yield "unknown-incident", "/incident/no-such-incident"
