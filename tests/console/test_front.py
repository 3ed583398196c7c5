"""The built front end, and the catalogue for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from console_rig import Rig

pytest_plugins = ["console_fixtures"]


@pytest.fixture
def built(tmp_path: Path) -> Rig:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>Built</title>")
    (static / "sw.js").write_text("// worker")
    (static / "manifest.webmanifest").write_text("{}")
    (static / "assets" / "index-abc.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    (static / "link.txt").symlink_to(tmp_path / "secret.txt")
    return Rig(tmp_path)


@pytest.mark.parametrize("path", ["/", "/guard", "/incident/abc", "/scenarios/runs/x"])
async def test_every_screen_is_the_one_page(built: Rig, path: str) -> None:
    async with built.browser("guard") as browser:
        answer = await browser.get(path)
        assert "Built" in answer.text
        assert answer.headers["cache-control"] == "no-cache"
        again = await browser.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_files_are_public_typed_and_cached_by_name(built: Rig) -> None:
    async with built.browser() as browser:
        script = await browser.get("/assets/index-abc.js")
        assert (script.headers["content-type"], "immutable" in script.headers["cache-control"]) == (
            "text/javascript; charset=utf-8",
            True,
        )
        assert (await browser.get("/sw.js")).headers["cache-control"] == "no-cache"
        assert (await browser.get("/manifest.webmanifest")).headers["content-type"] == "application/manifest+json"
        assert (await browser.get("/index.html")).status_code == 200
        assert (await browser.head("/sw.js")).status_code == 200


@pytest.mark.parametrize("path", ["/assets/none.js", "/../secret.txt", "/%2e%2e/secret.txt", "/link.txt", "/old-sw.js"])
async def test_nothing_beside_the_build_is_given(built: Rig, path: str) -> None:
    async with built.browser() as browser:
        answer = await browser.get(path)
        assert answer.status_code in {401, 404}
        assert "secret" not in answer.text.replace("secret.txt", "")


async def test_says_so_when_the_screens_were_not_built(rig: Rig) -> None:
    async with rig.browser("operator") as browser:
        answer = await browser.get("/")
        assert answer.status_code == 503
        assert "script/build-web" in answer.text


async def test_texts(rig: Rig) -> None:
    async with rig.browser() as browser:
        french = await browser.get("/api/texts/fr.json")
        assert french.json()["Sign out"] == "Se déconnecter"
        assert (await browser.get("/api/texts/en.json")).json() == {}
        assert (await browser.get("/api/texts/de.json")).status_code == 404
        same = {"If-None-Match": french.headers["etag"]}
        assert (await browser.get("/api/texts/fr.json", headers=same)).status_code == 304
