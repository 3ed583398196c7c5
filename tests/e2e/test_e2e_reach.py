"""Every screen for everyone (WCAG 2.2 AA), where axe does not look: keys, large letters, motion, pictures."""

from __future__ import annotations

from typing import Any

import pytest
from e2e_people import DESK, House, Person, picture
from e2e_screens import filled, screens
from playwright.sync_api import Page, ViewportSize

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("e2e-reach")]

STOPS = 400
"""Most stops of one screen (chosen: whoever presses the key so often has given up)."""
LARGE: ViewportSize = {"width": 320, "height": 256}
"""1280 x 1024 at 400 % (WCAG 2.2, 1.4.10)."""
BODY = "BODY"
UNTOUCHED = ("print", "report")
"""Papers: there is nothing to press on them."""

STOP = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return {what: "BODY", fault: ""};
  const words = (one.getAttribute("aria-label") ?? one.innerText ?? "").trim().slice(0, 40);
  const name = `${one.tagName} ${one.dataset.testid ?? ""} ${words}`;
  const hidden = one.matches("input[type=file], input[type=radio], input[type=checkbox]");
  const shown = hidden ? one.closest("label") ?? one.parentElement : one;
  const style = getComputedStyle(one);
  const around = getComputedStyle(shown);
  const inner = one.querySelector("path");
  const marked = [style, around].some((s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2)
    || (inner !== null && parseFloat(getComputedStyle(inner).strokeWidth) >= 3);
  const box = shown.getBoundingClientRect();
  const faults = [];
  if (box.width === 0 || box.height === 0) faults.push("is not there to be seen");
  if (!marked) faults.push("has no mark of the focus");
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  if (!inside) faults.push("is out of sight");
  else {
    const x = Math.min(Math.max((box.left + box.right) / 2, 1), innerWidth - 1);
    const ys = [box.top + 2, (box.top + box.bottom) / 2, box.bottom - 2].filter((y) => y > 0 && y < innerHeight);
    const free = ys.some((y) => {
      const over = document.elementFromPoint(x, y);
      return over === null || shown.contains(over) || over.contains(shown);
    });
    if (!free && !one.closest("svg")) faults.push("is covered");
  }
  return {what: name, fault: faults.join(", ")};
}"""
"""What has the focus, and what is wrong with it (WCAG 2.2, 2.4.7 and 2.4.11). Shapes of plans mark it by their edge."""

MOVING = """() => [...document.querySelectorAll("*")]
  .filter((one) => ["animationDuration", "transitionDuration"].some((key) =>
    getComputedStyle(one)[key].split(",").some((time) => parseFloat(time) > 0.01)))
  .map((one) => `${one.tagName} ${one.className}`)"""
"""What moves for longer than 10 ms although the reader asked for stillness."""

PALE = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
      .map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (text) => {
    const style = getComputedStyle(text);
    if (style.stroke !== "none" && parseFloat(style.strokeWidth) > 0) return style.stroke;
    for (let one = text.previousElementSibling; one; one = one.previousElementSibling) {
      const fill = getComputedStyle(one).fill;
      if (one.matches("path, rect, circle") && fill.startsWith("rgb(")) return fill;
    }
    for (let one = text.closest("svg"); one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (colour.startsWith("rgb(")) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const written = [...document.querySelectorAll("svg text")];
  const all = written.filter((one) => one.checkVisibility() && one.textContent.trim());
  const faults = all.flatMap((one) => {
    const [a, b] = [light(getComputedStyle(one).fill), light(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return ratio < 4.5 ? [`${one.textContent.trim()}: ${ratio.toFixed(2)} to 1`] : [];
  });
  return {count: all.length, faults};
}"""
"""Letters in pictures with less than 4.5 to 1 (WCAG 2.2, 1.4.3) against their halo, or the shape or page below them."""


@pytest.fixture(scope="module")
def incident(house: House) -> str:
    """An incident that fills the screens."""
    return filled(house)


def walked(page: Page) -> tuple[int, list[str]]:
    """Press the tabulator through the whole page, and back into it; return the stops, and what is wrong on the way."""
    faults: list[str] = []
    for number in range(STOPS):
        page.keyboard.press("Tab")
        stop: dict[str, Any] = page.evaluate(STOP)
        if stop["what"] == BODY:
            page.keyboard.press("Shift+Tab")
            back = page.evaluate(STOP)["what"]
            return number, faults if number == 0 or back != BODY else [*faults, "there is no way back"]
        if stop["fault"]:
            faults.append(f"{stop['what']} {stop['fault']}")
    return STOPS, [*faults, f"no end after {STOPS} stops: {page.evaluate(STOP)['what']}"]


def test_every_screen_is_walked_by_keys_alone(house: House, incident: str) -> None:
    faults: list[str] = []
    with house.person("admin", "Camille Renaud", language="fr", viewport=DESK) as camille:
        for name, address in screens(house, incident):
            camille.open(address)
            camille.settle()
            stops, found = walked(camille.page)
            faults += [f"{name}: {one}" for one in found]
            if stops == 0 and not name.startswith(UNTOUCHED):
                faults.append(f"{name}: nothing is reached")
    assert not faults, "\n".join(faults)


def test_every_screen_fits_at_400_percent_and_keeps_still(house: House, incident: str) -> None:
    faults: list[str] = []
    with house.person("admin", "Noah Klein", language="fr", viewport=LARGE, reduced_motion="reduce") as noah:
        for name, address in screens(house, incident):
            noah.open(address)
            noah.settle()
            wide = noah.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wide > 0:
                faults.append(f"{name}: {wide} px wider than the screen")
            faults += [f"{name} moves: {one}" for one in noah.page.evaluate(MOVING)]
            picture(noah.page, f"{name}-fr-dark-320")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_letters_in_pictures_are_strong_enough(house: House, incident: str, theme: str) -> None:
    faults: list[str] = []
    seen = 0
    with house.person("admin", "Ada Vidal", dark=theme == "dark", viewport=DESK) as ada:
        for name, address in screens(house, incident):
            ada.open(address)
            ada.settle()
            found = pale(ada)
            seen += found["count"]
            faults += [f"{name}: {one}" for one in found["faults"]]
    assert not faults, "\n".join(faults)
    assert seen > 50, "too few letters were looked at: the plan alone has so many rooms"


def pale(person: Person) -> dict[str, Any]:
    """Return how many letters stand in pictures, and which are too pale."""
    found: dict[str, Any] = person.page.evaluate(PALE)
    return found
