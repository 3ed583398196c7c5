"""A browser and a platform for each module of these tests; they skip where there is no Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e_attack import Attacker
from e2e_people import PATIENCE, House
from playwright.sync_api import Browser, expect, sync_playwright

from safecare.app.files import demo_hospital, hospital_of
from safecare.scenarios.private import PrivatePlatform, free_doors, free_ports

CHROMIUM = os.environ.get("SAFECARE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a microphone that beeps
    "--use-fake-ui-for-media-stream",
)
BUILT = Path(__file__).parents[2] / "src" / "safecare" / "console" / "static" / "index.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium. One per module: its event loop must be gone before other tests start theirs."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here; SAFECARE_CHROMIUM names one")
    if not BUILT.is_file():
        pytest.fail("the screens are not built: script/build-web")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield one
        one.close()


@pytest.fixture(scope="module")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A platform that runs on ports of its own, and keeps its port when it is started again."""
    console, modbus = free_ports(2)
    free = free_doors(hospital_of(demo_hospital()).doors)
    ports = {name: one["port"] for name, one in free.items()}
    doors = free | {"modbus-building": {"moved": {"127.0.0.1:15020": f"127.0.0.1:{modbus}"}}}
    platform = PrivatePlatform(
        tmp_path_factory.mktemp("e2e") / "data", doors, options=("--no-link", "--port", str(console))
    )
    with platform:
        yield House(Attacker(platform, ports), browser)
