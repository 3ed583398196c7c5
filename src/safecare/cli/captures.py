"""What the commands over captures share: files as bytes, durations, the hospital with its baseline, errors."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from safecare.cli.files import stop

if TYPE_CHECKING:
    from safecare.formats.packets.bpf import Filter
    from safecare.model.hospital import Hospital

_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


def duration(text: str) -> float:
    """Return the seconds of ``30s``, ``5m``, ``1.5 h``; ends the command with code 2 for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip())
    if found is None or found[2] not in _UNITS:
        stop(f"--learn: {text!r} is no duration (30s, 5m, 1h, 2d)", 2)
    return min(float(found[1]) * _UNITS[found[2]], 1e9)


@contextmanager
def mapped(path: Path) -> Iterator[bytes | memoryview]:
    """Give the bytes of a file without reading it whole. Raises `OSError`."""
    if not path.is_file():
        raise OSError(2, "is no file" if path.exists() else "no such file", str(path))
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            yield b""
            return
        area = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        view = memoryview(area)
        yield view  # arrays over it may live on: it is unmapped with the last of them


def known(folder: Path | None, baseline: Path | None) -> Hospital:
    """Return the hospital of a folder (an empty one without) with a baseline; ends with code 2 if unreadable."""
    import msgspec

    from safecare.formats.baseline import BaselineError, read_baseline
    from safecare.formats.hospital import load
    from safecare.model.hospital import Hospital

    hospital = Hospital.empty()
    if folder is not None:
        loaded = load(folder).hospital
        if loaded is None:
            stop(f"{folder}: can't be used; `safecare hospital check {folder}` says why", 2)
        hospital = loaded
    if baseline is None:
        return hospital
    try:
        frozen = read_baseline(baseline.read_bytes())
    except OSError as error:
        stop(f"{baseline}: {error.strerror}", 2)
    except BaselineError as error:
        stop(f"{baseline}: {error}", 2)
    if not frozen.reviewed_by:
        typer.echo(f"{baseline}: nobody has reviewed it (reviewed_by is empty)", err=True)
    return msgspec.structs.replace(hospital, network=frozen)


def sieve(expression: str) -> Filter | None:
    """Return the filter of an expression, none of an empty one; ends the command with code 2 if it is wrong."""
    from safecare.formats.packets.bpf import Filter, FilterError

    try:
        return Filter(expression) if expression else None
    except FilterError as error:
        stop(f"--filter: {error}", 2)
