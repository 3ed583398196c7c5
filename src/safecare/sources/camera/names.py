"""What the file names of uploaded clips say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from safecare.sources.api import UnreadableError
from safecare.sources.camera.decode import CLIP_FORMATS

_NAME = re.compile(r"(?P<camera>[\w.:-]{1,100}?)__(?P<start>\d{8}T\d{6}(?:\.\d{1,3})?)Z\.\w+", re.ASCII)


class ClipName(NamedTuple):
    """What a clip's name says: ``<camera>__<start, UTC, 20261123T141800Z>.<mp4|avi|mkv>``."""

    camera: str
    start: datetime
    format: str


def read_name(name: str) -> ClipName:
    """Read a clip's file name. Raises `UnreadableError`."""
    format = CLIP_FORMATS.get(Path(name).suffix.lower())
    match = _NAME.fullmatch(name)
    if format is None or match is None:
        raise UnreadableError("the name is not <camera>__<start as 20261123T141800Z>.<mp4|avi|mkv>", "file name")
    text = match["start"]
    try:
        start = datetime.strptime(text, "%Y%m%dT%H%M%S.%f" if "." in text else "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise UnreadableError(f"{text} is no time", "file name") from error
    return ClipName(match["camera"], start, format)
