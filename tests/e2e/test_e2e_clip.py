"""A clip as the camera's worker makes it, in a real browser: it plays, it can be moved about in, and shows no head."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from typing import Any

import av
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from safecare.console.clips import MEDIA
from safecare.console.ranges import part_of
from safecare.sources.camera.messages import Cut
from safecare.sources.camera.ring import Ring
from safecare.sources.camera.vision.masks import Masks
from safecare.sources.camera.vision.parts import Box
from safecare.testing.camera_streams import encode

pytest_plugins = ["e2e_fixtures"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("e2e-clip")]
FPS = 5
WATCHED = """async () => {
    const film = document.querySelector("video");
    const ready = (name) => new Promise((done) => film.addEventListener(name, done, { once: true }));
    const loaded = ready("loadeddata");
    film.preload = "auto";
    film.load();
    await loaded;
    const pictures = [];
    const canvas = document.createElement("canvas");
    canvas.width = film.videoWidth, canvas.height = film.videoHeight;
    for (const at of [15, 2]) {
        const there = ready("seeked");
        film.currentTime = at;
        await there;
        const paper = canvas.getContext("2d");
        paper.drawImage(film, 0, 0);
        const grey = (x) => Array.from(paper.getImageData(x, 42, 16, 16).data).filter((_, place) => place % 4 === 1);
        pictures.push([film.currentTime, grey(122), grey(222)]);
    }
    return { state: film.readyState, seconds: film.duration, wide: film.videoWidth, pictures };
}"""


def picture(number: int) -> Any:
    """Return two chequered heads in a grey picture; only the left one is somebody's."""
    found = np.full((180, 320, 3), 90, np.uint8)
    board = (np.indices((20, 20)).sum(0) // 2 % 2 * 255)[..., None]
    found[40:60, 120:140] = found[40:60, 220:240] = board
    found[150:170, number * 2 % 300 : number * 2 % 300 + 12] = 255
    return found


def clip() -> bytes:
    """Return what a ring makes of twenty seconds."""
    now = 0.0
    with av.open(BytesIO(encode(map(picture, range(120)), FPS).raw), "r") as source:
        stream = source.streams.video[0]
        ring = Ring(stream.codec_context, stream.time_base or Fraction(1), Masks(()), lambda: now, lambda image: [])
        for packet in source.demux(stream):
            if packet.pts is None or packet.time_base is None:
                continue
            now = float(packet.pts * packet.time_base)
            ring.take(packet)
            ring.saw(now, [Box(110, 38, 40, 100)])
            if packet.pts and round(now * FPS) == 55:
                ring.ask(Cut(1, 0.0))
        [made] = ring.finish()
    return made.raw


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Serve the clip as the console does."""
    raw = clip()

    async def film(request: Request) -> Response:
        return part_of(request, raw, {}, MEDIA)

    async def page(_: Request) -> Response:
        return HTMLResponse('<video src="/film" muted preload="none"></video>')

    app = Starlette(routes=[Route("/film", film), Route("/", page)])
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error", lifespan="off"))
    bound = uvicorn.Config(app, "127.0.0.1", 0, log_level="error").bind_socket()
    bound.listen()  # who comes before the server waits
    thread = threading.Thread(target=server.run, args=([bound],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()
        bound.close()


def test_a_clip_plays_is_moved_about_in_and_shows_no_head(browser: Browser, address: str) -> None:
    with browser.new_context() as context:
        shown = context.new_page()
        shown.goto(address)
        seen = shown.evaluate(WATCHED)
    assert seen["state"] >= 2  # HAVE_CURRENT_DATA
    assert seen["wide"] == 320
    assert seen["seconds"] == pytest.approx(20, abs=1.0)
    for (at, head, beside), wanted in zip(seen["pictures"], (15, 2), strict=True):
        assert at == pytest.approx(wanted, abs=0.1)
        assert np.std(head) < 40 < 80 < np.std(beside)
