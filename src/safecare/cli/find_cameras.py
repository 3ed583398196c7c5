"""``safecare find cameras``: which ONVIF devices answer on the network, and which of them the hospital's files name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from safecare.cli.files import chosen, stop

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    seconds: Annotated[float, typer.Option(help="Time to wait for answers.", min=0.1, max=60)] = 3.0,
    interface: Annotated[str, typer.Option(help="Our address on the network to ask, where there are several.")] = "",
    device: Annotated[str, typer.Option(help="Ask this one only: address, or address:port.")] = "",
    hospital: Annotated[Path | None, typer.Option(help="Folder of the hospital's files: tells what they name.")] = None,
    format: Annotated[str, typer.Option(help="text, or ndjson (one device a line).")] = "text",
) -> None:
    """Ask by WS-Discovery (one question to all on this network) and list who answers, with the address to put down.

    Anybody can answer: nothing is connected by this. Exit code: 0 somebody answered; 1 nobody did; 2 wrong call.
    """
    import asyncio

    import msgspec

    from safecare.cli.captures import known
    from safecare.formats.onvif_discovery import GROUP, PORT
    from safecare.sources.onvif.discovery import find

    chosen(format, ("text", "ndjson"), "--format")
    files = known(hospital, None) if hospital else None
    host, _, port = device.partition(":")
    try:
        found, unread = asyncio.run(find(seconds, interface, host or GROUP, int(port or PORT)))
    except (OSError, ValueError, OverflowError) as error:
        stop(f"can't ask: {error}", 2)
    for one in found:
        asset, answer = files.at_address("ip", one.host) if files else None, one.answer
        if format == "ndjson":
            told: dict[str, object] = {
                "ip": one.host,
                "url": one.url,
                "services": list(answer.urls),
                "name": answer.name,
            }
            told |= {"hardware": answer.hardware, "asset": asset.id if asset else None}
            typer.echo(msgspec.json.encode(told).decode())
        else:
            named = asset.id if asset else ("not in the hospital's files" if files else "")
            typer.echo("  ".join(part for part in (one.url, answer.name, answer.hardware, named) if part))
    if unread:
        typer.echo(f"safecare: {unread} answers could not be read", err=True)
    if not found:
        stop("no ONVIF device answered", 1)
