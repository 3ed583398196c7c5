"""The risk study of the hospital: its tables on a page, and as CSV, workbook and PDF."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from safecare.console.deps import ConsoleDeps
from safecare.console.rights import Visitor, within
from safecare.console.web import answer, not_found, visitor_of, words_of
from safecare.console.whatif import Player, compiled
from safecare.console.wire.study import RiskTable
from safecare.model.hospital import Hospital
from safecare.model.layout import laid_out
from safecare.model.text import say
from safecare.risk.origins import origins
from safecare.risk.study import Study, study
from safecare.risk.tables import Table, as_csv, as_pdf, as_workbook, tables

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_Form = Callable[[Sequence[Table], str, str], bytes]
FORMS: dict[str, tuple[str, _Form]] = {
    "csv": ("text/csv; charset=utf-8", lambda found, _, __: as_csv(found).encode("utf-8-sig")),
    "xlsx": (XLSX, lambda found, _, __: as_workbook(found)),
    "pdf": ("application/pdf", as_pdf),
}
"""Media type and writer of what can be saved; the mark at the head of the CSV tells spreadsheets its letters."""


def play(hospital: bytes, _: bytes) -> bytes:
    """Return the study (MessagePack) of `hospital`, by the origins that come along. Runs in the process."""
    return msgspec.msgpack.encode(study(compiled(hospital)[0], origins()))


def sees_all(visitor: Visitor, hospital: Hospital) -> bool:
    """Tell whether `visitor` may see every site whole: the study can't be cut at a door."""
    return visitor.scope is None and all(within(visitor, site.id) for site in hospital.sites)


class Risks:
    """The last study, kept until the hospital is another one."""

    def __init__(self, deps: ConsoleDeps, player: Player) -> None:
        """Take the platform's parts."""
        self._deps, self._player = deps, player
        self._known: tuple[Hospital, Study] | None = None
        self._one = asyncio.Lock()

    async def study(self) -> tuple[Hospital, Study]:
        """Return the hospital and its study, made when it is first asked for. Raises `ProblemError` 503."""
        async with self._one:
            hospital = self._deps.hospital
            if self._known is None or self._known[0] is not hospital:
                raw = await self._player.run(hospital, play, b"")
                self._known = (hospital, msgspec.msgpack.decode(raw, type=laid_out(Study)))
            return self._known


def routes(app: FastAPI, deps: ConsoleDeps, player: Player) -> None:
    """Add the routes of the risk study."""
    risks = Risks(deps, player)

    @app.get("/api/risk/{form}", name="risk")
    async def risk(request: Request, form: str) -> Response:
        """Return the tables of the study: ``tables`` for a page; ``csv``, ``xlsx`` and ``pdf`` to be saved."""
        if form not in {"tables", *FORMS} or not sees_all(visitor_of(request), deps.hospital):
            raise not_found()
        hospital, found = await risks.study()
        words = words_of(request)
        written = await asyncio.to_thread(tables, found, hospital, words.say, words.language)
        if form == "tables":
            return answer([RiskTable(one.name, one.head, one.rows) for one in written])
        kind, write = FORMS[form]
        name = hospital.name.fr if words.language == "fr" else hospital.name.en
        title = f"{words.say(say('Risk study'))} · {name}"
        raw = await asyncio.to_thread(write, written, title, words.language)
        return Response(raw, media_type=kind, headers={"Content-Disposition": f'attachment; filename="risk.{form}"'})
