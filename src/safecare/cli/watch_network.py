"""``safecare watch network``: what the detectors say about a live interface, or about captures, as it happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from safecare.formats.packets.file import Frames

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.command()
def main(
    sources: Annotated[list[str], typer.Argument(metavar="IFACE|FILE...", help="Interfaces, or captures.")],
    learn: Annotated[str, typer.Option(help="How long what is seen is normal: 30s, 5m, 1h, 2d.")] = "",
    baseline: Annotated[Path | None, typer.Option(help="File that says what is normal.")] = None,
    only: Annotated[
        str, typer.Option("--filter", help="Packets that count, in tcpdump's language: 'tcp port 502 or net 10.7'.")
    ] = "",
    hospital: Annotated[
        Path | None, typer.Option(help="Folder of the hospital's files: names assets and zones.")
    ] = None,
    language: InLanguage = Language.EN,
    format: Annotated[str, typer.Option(help="ndjson (one alert a line) or text.")] = "text",
    packets: Annotated[int, typer.Option(help="End after so many packets; 0: only when interrupted.")] = 0,
) -> None:
    """Listen and tell alerts until interrupted (Ctrl-C). Nothing is ever sent to the network.

    Exit code: 0 ended as asked; 1 an interface or a file can't be read (standard error tells why); 2 wrong call.
    """
    from contextlib import suppress
    from datetime import timedelta

    from safecare.app.network import Captures
    from safecare.cli.captures import duration, known, mapped, sieve
    from safecare.cli.files import chosen, stop
    from safecare.cli.network import show
    from safecare.formats.packets.file import CaptureError, Reading, read_frames
    from safecare.locale.catalogue import Catalogue

    chosen(format, ("ndjson", "text"), "--format")
    if learn and baseline:
        stop("--learn and --baseline exclude each other: a baseline is frozen", 2)
    judge = Captures(known(hospital, baseline), timedelta(seconds=duration(learn) if learn else 0), live=True)
    judge.only = sieve(only)
    catalogue, failed = Catalogue.load(), False
    for name in sources:
        path = Path(name)
        try:
            with suppress(KeyboardInterrupt):
                if path.exists():
                    reading = Reading()
                    with mapped(path) as raw:
                        for one in judge.watch(path.name, read_frames(raw, reading)):
                            show(one, path, catalogue, judge, language, format)
                    if reading.broken:
                        typer.echo(f"{path}: {reading.broken}", err=True)
                        failed = True
                else:
                    for one in judge.watch(name, _heard(name, packets, only)):
                        show(one, path, catalogue, judge, language, format)
        except PermissionError:
            typer.echo(f"{name}: needs the right to listen (CAP_NET_RAW)", err=True)
            failed = True
        except (OSError, CaptureError) as error:
            typer.echo(f"{name}: {getattr(error, 'strerror', None) or error}", err=True)
            failed = True
    raise typer.Exit(1 if failed else 0)


def _heard(name: str, most: int, only: str) -> Iterator[Frames]:
    """Yield what of an interface passes the filter, until `most` packets (0: without end). Raises `OSError`."""
    from safecare.sources.capture.packets import open_interface, packet_blocks

    heard = 0
    with open_interface(name, only) as packets:
        for frames, lost in packet_blocks(packets):
            if lost:
                typer.echo(f"{name}: {lost} packets lost", err=True)
            yield frames
            heard += len(frames.times)
            if most and heard >= most:
                return
