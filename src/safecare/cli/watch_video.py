"""``safecare watch video``: follow live cameras without the platform."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.detect_video import (
    WRONG,
    Calibration,
    Data,
    Format,
    Model,
    Written,
    Zones,
    model_card,
    pose_card,
    read_drawn,
    special_card,
)
from safecare.cli.files import InLanguage, Language, stop

if TYPE_CHECKING:
    from safecare.sources.camera.places import CameraSettings

SCHEMES = ("rtsp", "rtsps", "onvif", "onvifs", "http", "https")
"""Kinds of addresses that a stream may have."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def video(
    source: Annotated[
        list[str],
        typer.Argument(
            help="rtsp://, onvif:// (asked for its sub-stream), http:// (MJPEG), or a file played as a stream."
        ),
    ],
    zones: Zones = None,
    calibration: Calibration = None,
    model: Model = "",
    format: Written = Format.TEXT,
    fps: Annotated[float, typer.Option(help="Pictures per second to look at.", min=0.5, max=30)] = 5.0,
    seconds: Annotated[float, typer.Option(help="End after so many seconds; 0: when interrupted.")] = 0.0,
    trust: Annotated[
        str,
        typer.Option(
            help="By what certificates of cameras are judged (rtsps, onvifs, https): PEM file of an authority, SHA-256 "
            "of the certificate, or none. Else by the authorities of the system."
        ),
    ] = "",
    timezone: Annotated[str, typer.Option(help="Time zone of the hours of zones.")] = "Europe/Paris",
    data: Data = Path("var"),
    language: InLanguage = Language.EN,
) -> None:
    """Follow streams until interrupted; one alert a line. A lost stream is told, and tried again with back-off.

    How streams are is told on standard error. Exit 2: the call, zones or model is wrong.
    """
    from safecare.app.streams import follow
    from safecare.sources.camera.models import ModelError

    _check(source, timezone)
    settings = _settings(fps, trust)
    scene = read_drawn(zones, calibration, language)
    try:
        card = model_card(model, data)
    except ModelError as error:
        stop(error, WRONG)
    write = typer.echo
    run = follow(
        source, scene, card, pose_card(model, data), special_card(data), settings=settings, seconds=seconds,
        timezone=timezone, as_json=format is Format.NDJSON, language=language, write=write, note=_note,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run)


def _check(sources: list[str], timezone: str) -> None:
    """End the command for a file that is not there, an address of no known kind, or a time zone that is none."""
    from zoneinfo import ZoneInfo

    for one in sources:
        scheme, colon, _ = one.partition("://")
        if colon and scheme.lower() not in SCHEMES:
            stop(f"{one}: must begin with {', '.join(f'{known}://' for known in SCHEMES)}, or be a file", WRONG)
        if not colon and not os.path.isfile(one):  # noqa: PTH113 - never fails
            stop(f"{one}: there is no such file", WRONG)
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        stop(f"--timezone {timezone}: no such time zone; one is called Europe/Paris", WRONG)


def _settings(fps: float, trust: str) -> CameraSettings:
    from safecare.sources.camera.places import SHA256, CameraSettings

    if not trust or trust == "none":
        return CameraSettings(fps=fps, unchecked=bool(trust))
    if SHA256.fullmatch(trust.replace(":", "")):
        return CameraSettings(fps=fps, fingerprint=trust)
    if not os.path.isfile(trust):  # noqa: PTH113 - never fails
        stop(f"--trust {trust}: there is no such file, and it is no SHA-256", WRONG)
    return CameraSettings(fps=fps, authority=trust)


def _note(told: str) -> None:
    typer.echo(f"safecare: {told}", err=True)
