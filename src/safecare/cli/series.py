"""``safecare detect series``: how unusual each point of a series of readings is."""

from __future__ import annotations

import gzip
import io
import math
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from safecare.cli.files import InLanguage, Language

if TYPE_CHECKING:
    from safecare.formats.readings import Point
    from safecare.model.text import Text

GZIP = b"\x1f\x8b"
"""How a packed file begins (RFC 1952)."""
SNIFFED = 4096
"""Bytes by which the encoding of a file is told (chosen)."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.command()
def main(
    file: Annotated[
        Path,
        typer.Argument(help="CSV with the columns timestamp and value (or ; tab | between them)."),
    ],
    unit: Annotated[
        str, typer.Option(help="UCUM unit of the values (Cel, %, hPa): values that can't be are told.")
    ] = "",
    language: InLanguage = Language.EN,
    format: Annotated[str, typer.Option(help="ndjson.")] = "ndjson",
) -> None:
    """Print one object for each point: timestamp, value, anomaly score (0-1), and the alert that it raises, or null.

    Exit code: 0 read; 1 the file can't be read, or some lines (standard error tells which and why); 2 wrong call.
    """
    import msgspec

    from safecare.cli.files import chosen, stop
    from safecare.detect.building.reading_unusual import impossible, possible, reason
    from safecare.detect.building.series import Series
    from safecare.formats.readings import SeriesError, encoding_of, read_series

    chosen(format, ("ndjson",), "--format")
    series, bad = Series(), 0
    encode, out = msgspec.json.Encoder().encode, sys.stdout.buffer
    try:
        with file.open("rb") as raw, _plain(raw) as data:  # opened once: it may be a pipe
            encoding = encoding_of(data.peek(SNIFFED)[:SNIFFED])
            with io.TextIOWrapper(data, encoding, errors="replace", newline="") as lines:
                for point in read_series(lines):
                    score, why = 0.0, None
                    if point.wrong or point.remark:
                        bad += bool(point.wrong)
                        typer.echo(f"{file}:{point.line}: {point.wrong or point.remark}", err=True)
                    if not point.wrong and not possible(point.value, unit):
                        score, why = 1.0, impossible(point.value, unit)
                    elif not point.wrong and point.at is not None:
                        judged = series.step(point.at.timestamp(), point.value)
                        score = judged.score
                        why = reason(judged, point.value, unit) if judged.new else None
                    out.write(encode(_row(point, score, why, language)) + b"\n")
    except (OSError, EOFError, zlib.error) as error:
        out.flush()
        stop(f"{file}: {getattr(error, 'strerror', None) or error}", 1)
    except SeriesError as error:
        stop(f"{file}: {error}", 1)
    out.flush()
    raise typer.Exit(1 if bad else 0)


def _plain(raw: io.BufferedReader) -> io.BufferedReader:
    """Return the bytes of a file, unpacked as they are read where it is packed."""
    return io.BufferedReader(gzip.GzipFile(fileobj=raw)) if raw.peek(2)[:2] == GZIP else raw


def _row(point: Point, score: float, why: Text | None, language: str) -> dict[str, Any]:
    value = point.value if math.isfinite(point.value) else None
    row: dict[str, Any] = {"timestamp": point.stamp, "value": value, "score": round(score, 6) + 0.0}  # no -0.0
    row["alert"] = None if why is None else _alert(score, why, language)
    told = {"error": point.wrong, "remark": point.remark}
    return row | {name: text for name, text in told.items() if text}


def _alert(score: float, why: Text, language: str) -> dict[str, Any]:
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital

    catalogue = Catalogue.load()
    return {
        "rule": "reading.unusual",
        "why": [catalogue.render(why, language, Hospital.empty())],
        "confidence": round(min(0.95, score), 3),
    }
