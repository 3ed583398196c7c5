"""``safecare watch video``: follow live cameras without the platform."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated

import typer

from safecare.cli.detect_video import Format, model_card, read_drawn
from safecare.cli.files import stop

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def video(
    source: Annotated[
        list[str], typer.Argument(help="rtsp://, http:// (MJPEG), or a file that is played as a stream.")
    ],
    zones: Annotated[Path | None, typer.Option(help="Areas and rules (YAML) for all sources.")] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="How the picture lies on the floor: PETS XML or YAML.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="Name or file of the model that finds people; none: blobs of motion.")
    ] = "",
    format: Annotated[Format, typer.Option(help="How alerts are written.")] = Format.TEXT,
    fps: Annotated[float, typer.Option(help="Pictures per second to look at.", min=0.5, max=30)] = 5.0,
    seconds: Annotated[float, typer.Option(help="End after so many seconds; 0: when interrupted.")] = 0.0,
    timezone: Annotated[str, typer.Option(help="Time zone of the hours of zones.")] = "Europe/Paris",
    data: Annotated[Path, typer.Option(help="Data folder, whose models are used first.")] = Path("var"),
    language: Annotated[str, typer.Option(help="Language of titles and reasons: en or fr.")] = "en",
) -> None:
    """Follow streams until interrupted; one alert a line. A lost stream is told, and tried again with back-off."""
    from safecare.app.streams import follow
    from safecare.sources.camera.models import ModelError

    scene = read_drawn(zones, calibration, language)
    try:
        card = model_card(model, data)
    except ModelError as error:
        stop(error, 2)
    write = typer.echo
    run = follow(
        source, scene, card, fps=fps, seconds=seconds, timezone=timezone, as_json=format is Format.NDJSON,
        language=language, write=write,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run)
