"""``safecare detect network``: judge packet captures with the detectors of the live road."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from safecare.app.network import Captures, Judged
    from safecare.locale.catalogue import Catalogue

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.command()
def main(
    files: Annotated[
        list[Path],
        typer.Argument(help="Captures (pcap, pcapng), in the order in which they are judged.", readable=False),
    ],
    learn: Annotated[str, typer.Option(help="How much of the first file's beginning is normal: 30s, 5m, 1h, 2d.")] = "",
    baseline: Annotated[Path | None, typer.Option(help="File that says what is normal.")] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(help="With --learn: write what was learned, for a person to review.")
    ] = None,
    propose: Annotated[
        Path | None,
        typer.Option(help="With --baseline: write what is new and what was not seen, for a person to decide."),
    ] = None,
    carried: Annotated[  # noqa: FBT002 - Typer writes flags so
        bool,
        typer.Option("--files", help="Judge the files that HTTP, SMTP, DICOM and HL7 carry, in confined processes."),
    ] = False,
    only: Annotated[
        str, typer.Option("--filter", help="Packets that count, in tcpdump's language: 'tcp port 502 or net 10.7'.")
    ] = "",
    hospital: Annotated[
        Path | None, typer.Option(help="Folder of the hospital's files: names assets and zones.")
    ] = None,
    language: InLanguage = Language.EN,
    format: Annotated[str, typer.Option(help="ndjson (one alert a line) or text.")] = "ndjson",
) -> None:
    """Tell what is suspicious in captures, with rule, frames, five-tuple and the command in words.

    Exit code: 0 all files read; 1 a file could not be read, or not to its end (standard error tells which and why);
    2 wrong call.
    """
    from datetime import timedelta

    from safecare.app.network import Captures
    from safecare.cli.captures import duration, known, mapped, sieve
    from safecare.cli.files import chosen, stop
    from safecare.formats.baseline import changes
    from safecare.formats.baseline import write_baseline as baseline_file
    from safecare.formats.packets.file import CaptureError
    from safecare.locale.catalogue import Catalogue
    from safecare.sources.files.pool import Pool

    chosen(format, ("ndjson", "text"), "--format")
    if learn and baseline:
        stop("--learn and --baseline exclude each other: a baseline is frozen", 2)
    if propose and not baseline:
        stop("--propose needs the --baseline that it is compared with", 2)
    seconds = duration(learn) if learn else 0
    judge = Captures(known(hospital, baseline), timedelta(seconds=seconds), collect=propose is not None)
    judge.only = sieve(only)
    judge.pool = Pool() if carried else None
    catalogue = Catalogue.load()
    failed = False
    for path in files:
        try:
            with mapped(path) as raw:
                judged, reading = judge.judge(path, raw)
        except (OSError, CaptureError) as error:
            typer.echo(f"{path}: {getattr(error, 'strerror', None) or error}", err=True)
            failed = True
            continue
        for one in judged:
            show(one, path, catalogue, judge, language, format)
        if reading.broken:
            typer.echo(f"{path}: {reading.broken}", err=True)
            failed = True
    if judge.pool is not None:
        judge.pool.close()
    if write_baseline:
        learned = judge.learner.baseline(f"{files[0].name}, its first {judge.learn.total_seconds():g} s")
        _write(write_baseline, baseline_file(learned))
    frozen = judge.hospital.network
    if propose and frozen:
        new, unseen = changes(frozen, judge.learner.baseline(", ".join(path.name for path in files)))
        _write(propose, b'{"new": %s, "not_seen": %s}\n' % (baseline_file(new).strip(), baseline_file(unseen).strip()))
    told = ", ".join(f"{reason} {count}" for reason, count in judge.counts.most_common())
    typer.echo(f"{judge.packets} packets; not read or remarkable: {told or 'nothing'}", err=True)
    for name, reason in judge.failures().items():
        typer.echo(f"detector {name} failed: {reason}", err=True)
    raise typer.Exit(1 if failed else 0)


def _write(path: Path, raw: bytes) -> None:
    from safecare.cli.files import stop

    try:
        path.write_bytes(raw)
    except OSError as error:
        stop(f"{path}: {error.strerror}", 1)


def show(one: Judged, path: Path, catalogue: Catalogue, judge: Captures, language: str, shape: str) -> None:
    """Print one alert, as a line of JSON or as text."""
    import msgspec

    from safecare.cli.files import put

    alert, hospital = one.alert, judge.hospital
    title = catalogue.render(alert.title, language, hospital)
    why = [catalogue.render(text, language, hospital) for text in alert.why]
    if shape == "text":
        frames = sorted(one.frames)
        typer.echo(f"{alert.first:%Y-%m-%d %H:%M:%S} {alert.severity:>3} {alert.rule}: {title}")
        for line in why:
            typer.echo(f"      {line}")
        typer.echo(f"      {path.name}, {len(frames)} frames, first {frames[:1] or '-'}")
        return
    row: dict[str, Any] = {
        "rule": alert.rule,
        "title": title,
        "why": why,
        "severity": alert.severity,
        "confidence": alert.confidence,
        "first": alert.first,
        "last": alert.last,
        "file": str(path),
        "frames": sorted(one.frames),
        "count": one.count,
        "five_tuple": _five(one.ends[0]) if one.ends else None,
        "five_tuples": [_five(ends) for ends in one.ends],
        "asset": alert.assets[0] if alert.assets else None,
        "assets": alert.assets,
        "zone": alert.zones[0] if alert.zones else None,
        "zones": alert.zones,
        "techniques": alert.techniques,
        "id": alert.id,
    }
    put(msgspec.json.encode(row))


def _five(ends: tuple[str, int, str, int, str]) -> dict[str, Any]:
    names = ("src_ip", "src_port", "dst_ip", "dst_port", "protocol")
    return dict(zip(names, ends, strict=True))
