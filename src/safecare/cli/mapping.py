"""``safecare mapping``: what a foreign system's table or messages would become."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.files import stop

if TYPE_CHECKING:
    from safecare.formats.mapping import MappingFile
    from safecare.model.clock import Clock
    from safecare.model.event import Event
    from safecare.model.hospital import Asset, Hospital
    from safecare.sources.posted import Unread

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
LARGEST = 64 << 20
"""Largest sample, bytes (as the door `access-folder` takes)."""


@dataclass(frozen=True)
class Preview:
    """What reading needs to know of the site (`safecare.sources.signals.Known`); `secret` is this call's own."""

    hospital: Hospital
    clock: Clock
    secret: bytes

    def pseudonym(self, kind: str, value: str) -> str:
        """Return a pseudonym that holds for this call only."""
        return hashlib.blake2b(f"{kind}\x1f{value}".encode(), key=self.secret, digest_size=8).hexdigest()


@app.callback()
def main() -> None:
    """Try out which columns and words of another system mean what."""


@app.command("list")
def list_() -> None:
    """Tell the mappings that come with the platform."""
    from safecare.formats.mapping import read_mapping, ready

    for name, text in ready().items():
        mapping = read_mapping(text.encode())
        typer.echo(f"{name:<16} {mapping.format:<5} {mapping.name}")


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a mapping that comes with the platform.")]) -> None:
    """Print a mapping, to begin one's own with."""
    from safecare.formats.mapping import ready

    texts = ready()
    if name not in texts:
        stop(f"no mapping is called {name}; there are: {', '.join(texts)}")
    typer.echo(texts[name], nl=False)


@app.command()
def check(
    mapping: Annotated[str, typer.Argument(help="Mapping file, or the name of one that comes with the platform.")],
    file: Annotated[Path, typer.Argument(help="Sample: a table, or messages in JSON.")],
    hospital: Annotated[
        Path | None, typer.Option(help="Folder of the hospital's files; the demo hospital if left out.")
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"], help="Read it as if it came then (UTC); now if left out."
        ),
    ] = None,
) -> None:
    """Print what each row would become, one JSON object per line: events first, then the rows that can't be read.

    Nothing is stored. Badges are shown as pseudonyms that hold for this call only. Exit code: 0 all read; 1 some rows,
    the mapping or the file can't be read (standard error tells line and reason); 2 wrong call.
    """
    from safecare.app.files import BadHospitalError, demo_hospital, hospital_of
    from safecare.model.clock import SystemClock
    from safecare.sources.access.rows import Rows, mapping_of

    try:
        rows = Rows(mapping_of(mapping), "preview")
    except ValueError as error:
        stop(error)
    try:
        model = hospital_of(hospital or demo_hospital()).hospital
    except BadHospitalError as error:
        stop(f"{hospital}: {error}")
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        stop(f"{file}: {error.strerror}")
    if len(raw) > LARGEST:
        stop(f"{file}: larger than {LARGEST} bytes")
    clock = Standing(at.replace(tzinfo=UTC)) if at else SystemClock()
    events, unread = rows.read(raw, Preview(model, clock, os.urandom(16)))
    _tell(file, events, unread, sorted(address for one in model.assets if (address := _called(one, rows.mapping))))
    if rows.mapping.fields.time and any(one.at == one.seen for one in events):
        typer.echo("Some times are not believed (more than 7 days old, or ahead): --at reads as of then.", err=True)
    raise typer.Exit(1 if unread else 0)


@dataclass(frozen=True)
class Standing:
    """A clock that stands at `moment`."""

    moment: datetime

    def now(self) -> datetime:
        """Return it."""
        return self.moment


def _called(asset: Asset, mapping: MappingFile) -> str:
    return str(asset.id) if mapping.address == "id" else asset.addresses.get(mapping.address, "")


def _near(reason: str, known: list[str]) -> str:
    """Return a hint for an address that nobody has and that looks like a known one."""
    found = re.search(r"'([^']+)': no asset of the hospital has this address", reason)
    near = difflib.get_close_matches(found[1], known, 1) if found else []
    return f" (near: {near[0]})" if near else ""


def _tell(file: Path, events: list[Event], unread: list[Unread], known: list[str]) -> None:
    import msgspec

    from safecare.model.events import encode_event

    out = sys.stdout.buffer
    for event in events:
        out.write(encode_event(event) + b"\n")
    for one in unread:
        out.write(msgspec.json.encode({"line": one.line, "error": one.reason}) + b"\n")
    out.flush()
    for one in unread[:20]:
        typer.echo(f"{file}:{one.line}: {one.reason}{_near(one.reason, known)}", err=True)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(one.kind for one in events).items()))
    typer.echo(f"{len(events)} events ({kinds or 'none'}), {len(unread)} rows can't be read", err=True)
