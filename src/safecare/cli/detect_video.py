"""``safecare detect video``: judge a recording by the rules that are drawn into its picture."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.files import InLanguage, Language, stop

if TYPE_CHECKING:
    from safecare.app.film import Film
    from safecare.model.scene import Scene

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

BROKEN, WRONG = 1, 2
"""Exit codes: a part of the recording could not be read; the call, the zones, the calibration or the model is wrong."""


class Format(StrEnum):
    """How alerts are written."""

    TEXT = "text"
    NDJSON = "ndjson"


Zones = Annotated[Path | None, typer.Option(help="Areas and rules (YAML); without, people are only counted.")]
Calibration = Annotated[Path | None, typer.Option(help="How the picture lies on the floor: PETS XML or YAML.")]
Model = Annotated[str, typer.Option(help="Name or file of the model that finds people; none: blobs of motion.")]
Written = Annotated[Format, typer.Option(help="How alerts are written.")]
Data = Annotated[Path, typer.Option(help="Data folder, whose models are used first.")]


@app.command()
def video(
    file: Annotated[
        Path,
        typer.Argument(
            help="Recording (mp4, mov, avi, mkv, webm, mpg, ts, flv, raw h264, h265, mjpeg), or a folder of JPEG."
        ),
    ],
    zones: Zones = None,
    calibration: Calibration = None,
    model: Model = "",
    format: Written = Format.TEXT,
    tracks_out: Annotated[Path | None, typer.Option(help="Write tracks in MOT format; frames count from 1.")] = None,
    detections_out: Annotated[
        Path | None, typer.Option(help="Write all boxes in MOT format, without identities.")
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0, help="True pictures per second, if the file's own times are wrong.")
    ] = 0.0,
    fps: Annotated[float, typer.Option(min=0, help="Pictures per second to look at; 0: all.")] = 0.0,
    start: Annotated[str, typer.Option(help="Time of the first picture, ISO 8601; needed for zones with hours.")] = "",
    data: Data = Path("var"),
    language: InLanguage = Language.EN,
) -> None:
    """Judge a recording; one alert a line. Exit 1: a part was unreadable; 2: the call, zones or model is wrong."""
    from safecare.app.film import Film, FilmError, Wish
    from safecare.sources.camera.models import ModelError

    for out in (tracks_out, detections_out):
        if out is not None and not out.parent.is_dir():  # told before the minutes that judging takes
            stop(f"{out}: there is no folder {out.parent}", WRONG)
    scene = read_drawn(zones, calibration, language)
    began = _time(start, scene)
    wish = Wish(file, scene, rate, fps, began, boxes=detections_out is not None)
    try:
        film = Film(wish, model_card(model, data), pose_card(model, data), special_card(data))
        asyncio.run(_judge(film, format, language))
        if tracks_out is not None:
            tracks_out.write_text(film.tracks(), "utf-8")
        if detections_out is not None:
            detections_out.write_text(film.detections(), "utf-8")
    except (FilmError, ModelError) as error:
        stop(error, WRONG)
    except OSError as error:
        stop(f"{error.filename or file}: {error.strerror or error}", WRONG)
    _tell(film, format)
    if film.broken:
        stop(f"{file}: {film.broken}", BROKEN)


async def _judge(film: Film, format: Format, language: str) -> None:
    """Write each alert as soon as it is known."""
    from safecare.app.film import as_json, as_text

    write = as_json if format is Format.NDJSON else as_text
    async for alert in film.alerts():
        typer.echo(write(film, alert, language))
        sys.stdout.flush()


def _tell(film: Film, format: Format) -> None:
    """Write what was seen as a whole: as the last line for programs, on standard error for people."""
    import msgspec

    if format is Format.NDJSON:
        typer.echo(msgspec.json.encode({"type": "summary", **film.summary()}))
    else:
        told = {name: value for name, value in film.summary().items() if value != ""}
        typer.echo(", ".join(f"{name} {value}" for name, value in told.items()), err=True)


def read_drawn(zones: Path | None, calibration: Path | None, language: str) -> Scene | None:
    """Read zones and calibration; ends the command with what is wrong in them."""
    from safecare.formats.hospital.nodes import MAX_BYTES
    from safecare.formats.scene import CalibrationError, read_calibration, read_scene
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital
    from safecare.model.scene import Scene

    ground = None
    try:
        if calibration is not None:
            ground = read_calibration(_bytes(calibration, MAX_BYTES))
        if zones is None:
            return Scene(areas=(), size=(0, 0), ground=ground) if ground else None
        scene, problems = read_scene(_bytes(zones, MAX_BYTES), str(zones), ground)
    except CalibrationError as error:
        stop(f"{calibration}: {error}", WRONG)
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}", WRONG)
    catalogue, nobody = Catalogue.load(), Hospital.empty()
    for one in problems:
        reason = catalogue.render(one.reason, language, nobody)
        typer.echo(f"safecare: {one.file}:{one.line}:{one.column}: {one.level}: {reason}", err=True)
    if scene is None:
        raise typer.Exit(WRONG)
    return scene


def _bytes(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most + 1)


def _time(start: str, scene: Scene | None) -> datetime:
    """Return the time of the first picture; ends the command where it is needed and missing, or is no time."""
    from datetime import UTC

    if not start:
        if scene is not None and any(area.hours for area in scene.areas):
            stop("zones with hours need --start, the time of the first picture", WRONG)
        return datetime(1970, 1, 1, tzinfo=UTC)
    try:
        at = datetime.fromisoformat(start)
        (at + timedelta(days=1)).astimezone(UTC)  # the times of the recording itself are times, too
    except (ValueError, OverflowError):
        stop(f"--start {start} is no time as 2026-11-23T20:00:00+01:00", WRONG)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def model_card(name: str, data: Path) -> Path | None:
    """Return the card of the model that is asked for. Raises `ModelError`."""
    from safecare.app.film import card_for
    from safecare.sources.camera.models import choose, installed_folder

    if name.endswith((".onnx", ".yaml")):
        return card_for(Path(name))
    model = choose(name, [data / "models", installed_folder()])
    return model.card_path if model else None


def pose_card(name: str, data: Path) -> Path | None:
    """Return the card of the pose model that is used beside the model called `name`."""
    from safecare.sources.camera.models import NONE, choose, installed_folder

    pose = choose("", [data / "models", installed_folder()], "pose") if name != NONE else None
    return pose.card_path if pose else None


def special_card(data: Path) -> Path | None:
    """Return the card of the site's special model, if it has one."""
    from safecare.sources.camera.models import choose

    special = choose("", [data / "models"], "special")
    return special.card_path if special else None
