"""``safecare decode``: what a protocol says in a capture, one message a line."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from safecare.formats.packets.bpf import Filter
    from safecare.formats.packets.dissect import Dissector, Found, Spoken
    from safecare.formats.packets.file import Reading

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.command()
def main(
    protocol: Annotated[
        str,
        typer.Argument(
            help="bacnet, modbus, s7, enip, cip, dnp3, knx, dicom, hl7, mqtt, smb, tls, dhcp, mdns, snmp, "
            "http, smtp, or all."
        ),
    ],
    file: Annotated[Path, typer.Argument(help="Capture (pcap, pcapng).")],
    only: Annotated[
        str, typer.Option("--filter", help="Packets that count, in tcpdump's language: 'tcp port 502 or net 10.7'.")
    ] = "",
    format: Annotated[str, typer.Option(help="ndjson.")] = "ndjson",
) -> None:
    """Tell every message of a protocol, found by its payload and not by its port.

    Exit code: 0 read; 1 the file can't be read, or not to its end; 2 wrong call.
    """
    import msgspec

    from safecare.cli.captures import mapped, sieve
    from safecare.cli.files import chosen, stop
    from safecare.formats.packets.dissect import Dissector, Malformed, Spoken
    from safecare.formats.packets.file import CaptureError, Reading
    from safecare.formats.wire.protocols import ALIASES, PROTOCOLS

    chosen(format, ("ndjson",), "--format")
    asked = protocol.lower()
    name = ALIASES.get(asked, asked)
    if name not in PROTOCOLS and name != "all":
        stop(f"no protocol is called {protocol}; there are: {', '.join((*PROTOCOLS, 'cip', 'all'))}", 2)
    reading, passes = Reading(), sieve(only)
    dissector = Dissector(only=() if name == "all" else (name,))
    encode, out = msgspec.json.Encoder().encode, sys.stdout.buffer
    try:
        with mapped(file) as raw:
            for found in _found(raw, dissector, reading, passes):
                if isinstance(found, Spoken) and (asked != "cip" or found.message.protocol == "cip"):
                    out.write(encode(_row(found)) + b"\n")
                elif isinstance(found, Malformed):
                    out.write(encode(_bad(found)) + b"\n")
    except (OSError, CaptureError) as error:
        stop(f"{file}: {getattr(error, 'strerror', None) or error}", 1)
    out.flush()
    told = ", ".join(f"{reason} {count}" for reason, count in (dissector.counts + reading.skipped).most_common())
    typer.echo(f"{reading.packets} packets; not read or remarkable: {told or 'nothing'}", err=True)
    if reading.broken:
        stop(f"{file}: {reading.broken}", 1)


def _found(raw: bytes | memoryview, dissector: Dissector, reading: Reading, only: Filter | None) -> Iterator[Found]:
    from safecare.formats.packets.bpf import filtered
    from safecare.formats.packets.file import read_frames

    for frames in filtered(read_frames(raw, reading), only):
        yield from dissector.feed(frames)
    yield from dissector.finish()


def _row(found: Spoken) -> dict[str, Any]:
    message = found.message
    row = _ends(found) | {
        "protocol": message.protocol,
        "command": message.command,
        "kind": message.kind,
        "operation": message.operation,
        "unit": message.unit,
        "target": message.target,
        "value": message.value,
        "outcome": message.outcome,
    }
    if message.file:
        digest = hashlib.sha256(message.file).hexdigest()
        row["file"] = {"bytes": len(message.file), "media": message.media, "sha256": digest}
    return message.fields | row


def _bad(found: Any) -> dict[str, Any]:
    return _ends(found) | {"protocol": found.protocol, "kind": found.operation, "reason": found.reason}


def _ends(found: Any) -> dict[str, Any]:
    from datetime import UTC, datetime

    return {
        "frame": found.frames[-1] if found.frames else None,
        "frames": found.frames,
        "time": datetime.fromtimestamp(min(max(found.at, 0.0), 2**33), UTC),
        "src_ip": found.src,
        "src_port": found.sport,
        "dst_ip": found.dst,
        "dst_port": found.dport,
        "transport": found.transport,
        "client": found.client,
        "server": found.server,
    }
