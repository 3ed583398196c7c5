"""Plain pages for any phone: no script, one small style sheet, both languages. Jinja escapes all that is put in."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from safecare.console.deps import ScenarioRunner
from safecare.console.gate import form_key
from safecare.console.web import ProblemError, read_body, visitor_of, words_of
from safecare.console.words import Words
from safecare.model.text import Text, When, say

FORM_BYTES = 16 * 1024
"""Largest form (chosen: as large as an act)."""
FORM_FIELDS = 20


class Pages:
    """The plain pages and their style."""

    def __init__(self, scenarios: ScenarioRunner, *, oidc: bool = False) -> None:
        """Load the templates of the package; `scenarios` tells what runs now, for the mark on every page.

        `oidc`: the hospital has an identity provider, to which the sign-in page leads.
        """
        self._oidc = oidc
        self._scenarios = scenarios
        folder = files("safecare.console") / "templates"
        self.style = (folder / "plain.css").read_bytes()
        self.script = (folder / "passkey.js").read_bytes()
        self.script_name = hashlib.sha256(self.script).hexdigest()[:16]
        self.style_name = hashlib.sha256(self.style).hexdigest()[:16]
        self._templates = jinja2.Environment(
            loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, request: Request, template: str, status: int = 200, played: str = "", **values: Any) -> HTMLResponse:
        """Return `template` in the reader's language; `played`: the exercise that what it shows belongs to."""
        words, visitor = words_of(request), visitor_of(request)

        def t(sentence: str, /, **args: Any) -> str:
            return words.say(Text(sentence, args))

        running = self._scenarios.exercise() if visitor.known else None
        drill = running.scenario if running else played
        html = self._templates.get_template(template).render(
            t=t,
            when=lambda at, site=None: _moment(words, at, site),
            lang=words.language,
            style=f"/plain/{self.style_name}.css",
            script=f"/plain/{self.script_name}.js",
            visitor=visitor,
            exercise=words.say(self._scenarios.title(drill)) if drill else "",
            form_key=form_key(visitor),
            oidc=self._oidc,
            **values,
        )
        return HTMLResponse(html, status, {"Cache-Control": "no-store", "Content-Language": words.language})

    def file(self, name: str) -> Response | None:
        """Return the style sheet or the script of the sign-in page; their addresses change with their content."""
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        if name.endswith(".css"):
            return Response(self.style, 200, headers, "text/css")
        return Response(self.script, 200, headers, "text/javascript") if name.endswith(".js") else None


def _moment(words: Words, at: Any, site: str | None) -> str:
    # Paper and mails are read on other days: always with the date.
    return replace(words, now=None).say(say("{at}", at=When(at)), site)


async def read_form(request: Request) -> dict[str, str]:
    """Read a form (``application/x-www-form-urlencoded``). Raises `ProblemError` 413 or 422."""
    raw = await read_body(request, FORM_BYTES)
    try:
        fields = parse_qs(
            raw.decode("utf-8"), keep_blank_values=True, max_num_fields=FORM_FIELDS, strict_parsing=bool(raw)
        )
    except ValueError as error:
        raise ProblemError(422, say("This form can't be read.")) from error
    return {name: values[-1] for name, values in fields.items()}
