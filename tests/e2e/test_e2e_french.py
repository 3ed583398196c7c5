"""The French console is French throughout: every page is walked, and its text looked at for English."""

from __future__ import annotations

import re

import pytest
from e2e_people import House
from playwright.sync_api import Page

from safecare.app.files import demo_hospital, hospital_of

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-french")]

ENGLISH = re.compile(
    r"\b(the|of|with|and|not|is|are|has|have|was|were|to|by|from|this|that|which|into|its|it|they|been|no|for|when)\b"
)
"""Words of nearly every English sentence that are no French words."""
TECHNICAL = re.compile(r"[./_:@-]\w|\w[/_@]")
"""Names of files, rules and addresses are the same in every language."""
PAGES = (
    "/",
    "/availability",
    "/alerts",
    "/crisis",
    "/detections",
    "/scenarios",
    "/health",
    "/rejects",
    "/audit",
    "/admin",
    "/guard",
    "/account",
    "/suppressions",
    "/risk",
    "/drawing/aurore.1",
    "/cameras/camera.aurore.basement.spine",
    "/print-crisis",
)
OWN = sorted({one.source for one in hospital_of(demo_hospital()).hospital.dependencies}, key=len, reverse=True)
"""What a hospital writes into its own files (where its figures come from) stands as it was written."""
OF_INCIDENT = (
    "/incident/{id}",
    "/incident/{id}/impact",
    "/share/{id}",
    "/arrange/{id}",
    "/print/{id}",
    "/report/{id}/warning",
)


def english(text: str) -> list[str]:
    """Return the lines of `text` that read like English: two of the words of `ENGLISH`, or one in a short line."""
    found = []
    for line in dict.fromkeys(text.splitlines()):
        words = [word for word in line.lower().split() if not TECHNICAL.search(word)]
        hits = ENGLISH.findall(" ".join(words))
        if len(hits) >= 2 or (hits and len(words) <= 6):
            found.append(line)
    return found


def read(page: Page) -> str:
    """Return everything that we say on the page, in closed parts and names of buttons too."""
    text = str(
        page.evaluate(
            """() => {
              for (const one of document.querySelectorAll("details")) one.open = true;
              const named = [...document.querySelectorAll("[aria-label],[title],[placeholder],[alt]")];
              const keys = ["aria-label", "title", "placeholder", "alt"];
              const names = named.flatMap((one) => keys.map((key) => one.getAttribute(key) ?? ""));
              for (const one of document.querySelectorAll("code, pre, svg")) one.remove();
              return [document.title, document.body.innerText, ...names].join("\\n");
            }"""
        )
    )
    for one in OWN:
        text = text.replace(one, "")
    return text


def test_no_page_speaks_english_to_a_french_reader(house: House) -> None:
    house.attacker.theft()
    house.attacker.field(("aurore/doors/pharmacy", {"access": "blown up"}))
    house.until("/api/rejects", bool)
    id = house.incident()
    found: dict[str, list[str]] = {}
    with house.person("admin", "Élodie Garnier", language="fr") as elodie:
        for path in (*PAGES, *(one.format(id=id) for one in OF_INCIDENT)):
            elodie.open(path)
            elodie.settle()
            lines = english(read(elodie.page))
            if lines:
                found[path] = lines
    with house.visitor(language="fr") as nobody:
        nobody.open("/")
        lines = english(read(nobody.page))
        if lines:
            found["sign-in"] = lines
    assert not found


def test_english_is_seen_where_it_stands() -> None:
    assert english("The disk is full\nLe disque est plein\ndoor.forced of\nPas de mots\nno room") == [
        "The disk is full",
        "door.forced of",
        "no room",
    ]
