"""The built front end: its files as they are, its one page for every other address. And the catalogue for it."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path

import msgspec
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.pages import Pages
from safecare.console.web import not_found, visitor_of, words_of
from safecare.locale.catalogue import LANGUAGES
from safecare.model.text import say

MEDIA = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
}
FILE_BYTES = 8_000_000
"""Largest file of the front end (chosen: twice a large plan viewer)."""
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class Asset(msgspec.Struct, frozen=True):
    """One file of the front end, held in memory (all of it is well under a megabyte)."""

    raw: bytes
    media: str
    tag: str
    cache: str


def load(folder: Path) -> dict[str, Asset]:
    """Read the built files of `folder` by their address (``assets/index-x.js``); empty when there are none.

    Read once: no request can name a file that the build did not make.
    """
    found: dict[str, Asset] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if not path.is_file() or path.is_symlink():
            continue
        if path.stat().st_size > FILE_BYTES:
            structlog.get_logger(__name__).warning("file of the front end is too large, left out", file=str(path))
            continue
        name = path.relative_to(folder).as_posix()
        raw = path.read_bytes()
        media = MEDIA.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        # Names in assets/ hold a hash of the content.
        cache = FOREVER if name.startswith("assets/") else ASK_AGAIN
        found[name] = Asset(raw, media, f'"{hashlib.sha256(raw).hexdigest()[:32]}"', cache)
    return found


def _send(request: Request, asset: Asset) -> Response:
    headers = {"Cache-Control": asset.cache, "ETag": asset.tag}
    if request.headers.get("if-none-match") == asset.tag:
        return Response(None, 304, headers)
    return Response(asset.raw, 200, headers, asset.media)


def routes(app: FastAPI, deps: ConsoleDeps, pages: Pages) -> None:
    """Add the routes of the front end; the last one takes every address that no other route took."""
    assets = load(deps.static)
    texts = {language: _texts(deps, language) for language in LANGUAGES}

    @app.get("/api/texts/{language}.json", name="texts")
    async def catalogue(request: Request, language: str) -> Response:
        if language not in texts:
            raise not_found()
        return _send(request, texts[language])

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], name="page", include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        if path in assets:
            return _send(request, assets[path])
        if path.startswith(("api/", "assets/")) or Path(path).suffix in MEDIA:
            raise not_found()
        if not visitor_of(request).known:
            return pages.page(request, "no_session.jinja", 401, spent=False, wrong=False, here="/" + path)
        if "index.html" not in assets:
            words = words_of(request)
            lines = [
                words.say(
                    say(
                        "Safecare runs, but its screens were not built: the folder {folder} is empty.",
                        folder=str(deps.static),
                    )
                ),
                words.say(say("The wheel holds them; from the sources, the command script/build-web builds them.")),
            ]
            heading = words.say(say("The screens are missing"))
            return pages.page(request, "message.jinja", 503, heading=heading, lines=lines)
        return _send(request, assets["index.html"])


def _texts(deps: ConsoleDeps, language: str) -> Asset:
    raw = msgspec.json.encode(deps.catalogue.texts(language))
    return Asset(raw, "application/json", f'"{hashlib.sha256(raw).hexdigest()[:32]}"', ASK_AGAIN)
