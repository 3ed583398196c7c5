"""``safecare inventory``: the stations of packet captures, found by what they say of themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from safecare.formats.inventory import Station
    from safecare.locale.catalogue import Catalogue
    from safecare.model.events.network import IdentitySeen
    from safecare.model.hospital import Hospital

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.command()
def main(
    files: Annotated[list[Path], typer.Argument(help="Captures (pcap, pcapng).", readable=False)],
    hospital: Annotated[
        Path | None, typer.Option(help="Folder of the hospital's files: names assets, tells those never heard.")
    ] = None,
    only: Annotated[str, typer.Option("--filter", help="Packets that count, in tcpdump's language: 'net 10.7'.")] = "",
    language: InLanguage = Language.EN,
    format: Annotated[str, typer.Option(help="table, or ndjson (one station a line).")] = "table",
) -> None:
    """List stations with address, network card and its maker, matched asset, and everything that they said.

    Exit code: 0 all files read; 1 a file could not be read, or not to its end (standard error tells which and why);
    2 wrong call.
    """
    import msgspec

    from safecare.cli.captures import known, mapped, sieve
    from safecare.cli.files import chosen
    from safecare.formats.inventory import stations
    from safecare.formats.packets.bpf import filtered
    from safecare.formats.packets.dissect import Dissector
    from safecare.formats.packets.file import CaptureError, Reading, read_frames
    from safecare.locale.catalogue import Catalogue
    from safecare.model.network import Said
    from safecare.sources.capture.events import Told

    chosen(format, ("table", "ndjson"), "--format")
    passes, mapped_to, failed = sieve(only), known(hospital, None), False
    told = Told(mapped_to, "capture")
    said: dict[tuple[str, str, str], Said] = {}
    for path in files:
        reading = Reading()
        try:
            with mapped(path) as raw:
                for event in _identities(filtered(read_frames(raw, reading), passes), Dissector(), told, path.name):
                    key = (event.ip, event.system, event.value)
                    before = said.get(key)
                    first = before.first if before else event.at
                    said[key] = Said(*key, min(first, event.at), max(event.at, before.last if before else event.at))
        except (OSError, CaptureError) as error:
            typer.echo(f"{path}: {getattr(error, 'strerror', None) or error}", err=True)
            failed = True
            continue
        if reading.broken:
            typer.echo(f"{path}: {reading.broken}", err=True)
            failed = True
    found, catalogue = stations(said.values(), mapped_to), Catalogue.load()
    for one in found:
        if format == "ndjson":
            sys.stdout.buffer.write(msgspec.json.encode(_row(one, catalogue, mapped_to, language)) + b"\n")
        else:
            for line in _lines(one, catalogue, mapped_to, language):
                typer.echo(line)
    sys.stdout.flush()
    raise typer.Exit(1 if failed else 0)


def _identities(blocks: Any, dissector: Any, told: Any, name: str) -> Iterator[IdentitySeen]:
    from safecare.model.events.network import IdentitySeen

    def found() -> Iterator[Any]:
        for frames in blocks:
            yield from dissector.feed(frames)
        yield from dissector.finish()

    for one in found():
        for event in told.events(one, name, None):
            if isinstance(event, IdentitySeen):
                yield event


def _row(one: Station, catalogue: Catalogue, hospital: Hospital, language: str) -> dict[str, Any]:
    return {
        "ip": one.ip,
        "state": one.state,
        "name": one.name,
        "mac": one.mac,
        "maker": one.maker,
        "asset": one.asset,
        "zone": one.zone,
        "first": one.first,
        "last": one.last,
        "evidence": [{"system": said.system, "value": said.value} for said in one.says],
        "doubts": [catalogue.render(text, language, hospital) for text in one.doubts],
    }


def _lines(one: Station, catalogue: Catalogue, hospital: Hospital, language: str) -> Iterator[str]:
    asset = hospital.label(one.asset, language) if one.asset else "-"
    yield f"{one.ip:<15} {one.state:<8} {one.mac or '-':<17} {one.maker or '-':<24.24} {one.name or '-':<20.20} {asset}"
    for said in one.says:
        if said.system not in ("mac", "ethernet"):
            yield f"    {said.system}: {said.value}"
    for doubt in one.doubts:
        yield f"    ! {catalogue.render(doubt, language, hospital)}"
