"""A folder of numbered pictures as one recording: JPEG files one after the other, as a camera's Motion JPEG is.

Source: the layout of MOT Challenge: ``img1/000001.jpg`` ... with ``seqinfo.ini`` beside the folder of pictures.
"""

from __future__ import annotations

import re
import shutil
from configparser import ConfigParser
from configparser import Error as BadIni
from math import isfinite
from pathlib import Path
from typing import IO

from safecare.sources.api import UnreadableError
from safecare.sources.upload import open_regular

PICTURES = "img1"
"""Folder of the pictures in that of a sequence."""
ENDINGS = frozenset({".jpg", ".jpeg"})
MOST = 200_000
"""Most pictures; chosen: two hours at 25 a second."""
MAX_INI = 65_536
"""Most characters of what is told of a sequence; chosen."""
MAX_RATE = 240.0
"""Most pictures per second that are believed; chosen: above any camera's."""


def gather(folder: Path, into: IO[bytes]) -> float:
    """Write the pictures of `folder` into `into`, in order of their numbers; return how many there are a second.

    0 where nothing tells. Raises `UnreadableError` where there is none, `OSError` for one that can't be read.
    """
    inner = folder / PICTURES
    place = inner if inner.is_dir() else folder
    found = [one for one in place.iterdir() if one.suffix.lower() in ENDINGS]
    if not found:
        raise UnreadableError("there is no picture (.jpg) in this folder")
    if len(found) > MOST:
        raise UnreadableError(f"more than {MOST} pictures")
    for path in sorted(found, key=_order):
        with open_regular(path, follow=True) as file:
            shutil.copyfileobj(file, into)
    into.flush()
    return _rate(place.parent)


def _order(path: Path) -> tuple[list[int], str]:
    return [int(one) for one in re.findall(r"[0-9]+", path.stem)], path.name


def _rate(folder: Path) -> float:
    """Return the rate that ``seqinfo.ini`` in `folder` tells; 0 where it tells none."""
    told = ConfigParser(interpolation=None)
    try:
        with (folder / "seqinfo.ini").open(encoding="utf-8") as file:
            told.read_string(file.read(MAX_INI))
        rate = told.getfloat("Sequence", "frameRate", fallback=0.0)
    except (OSError, BadIni, ValueError):
        return 0.0
    return rate if isfinite(rate) and 0 < rate <= MAX_RATE else 0.0
