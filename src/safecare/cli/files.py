"""What commands share: files that they are given, and the end with a reason in one line."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

UNUSABLE = 1
"""Exit code of a command whose input can't be used."""
Model = TypeVar("Model")
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters (C0, DEL, C1) and those of Unicode that break lines or turn the direction of reading (UAX #9)."""


class Format(StrEnum):
    """How results are written."""

    TABLE = "table"
    NDJSON = "ndjson"


class Language(StrEnum):
    """Languages of the sentences that a command writes."""

    EN = "en"
    FR = "fr"


InLanguage = Annotated[Language, typer.Option(help="Language of the sentences.")]


def stop(reason: object, code: int = UNUSABLE) -> NoReturn:
    """End the command with `reason` on standard error."""
    typer.echo(f"safecare: {reason}", err=True)
    raise typer.Exit(code)


def chosen(value: str, allowed: Sequence[str], option: str) -> None:
    """End the command with code 2 unless `value` is one of `allowed`."""
    if value not in allowed:
        stop(f"{option}: must be {' or '.join(allowed)}, not {value}", 2)


def shown(path: Path) -> str:
    """Return `path` as text; bytes that are no UTF-8 are shown escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def reason_of(error: Exception) -> str:
    """Return why something failed, without the number of the error and the path that is told anyway."""
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def plain(text: str) -> str:
    """Return `text` with nothing in it that steers a terminal or turns the direction of reading."""
    return _STEERING.sub("?", text)


def plain_json(text: str) -> str:
    """Return the JSON `text` with what steers a terminal or turns the direction of reading written as escapes."""
    return _STEERING.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def files_of(paths: Iterable[Path], leave: Callable[[Path], object] = str) -> Iterator[Path]:
    """Yield the files of `paths`; folders in the order of names. Links, pipes and the like inside folders are left out.

    `leave` is told of each that is left out. What can't be looked at, a folder or a file, is yielded too: who opens
    it tells why.
    """
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 - a name that is too long, or lies out of reach, is no error here
            yield path
            continue
        folders, unread = [path], list[Path]()
        while folders:  # no recursion: folders may lie deeper in each other than Python's stack goes
            folder = folders.pop()
            try:
                with os.scandir(folder) as entries:
                    inside = [(Path(one.path), _kind(one)) for one in sorted(entries, key=lambda one: one.name)]
            except OSError:
                unread.append(folder)
                continue
            for file, kind in inside:
                if kind == "file":
                    yield file
                elif not kind:
                    leave(file)
            folders += (below for below, kind in reversed(inside) if kind == "folder")
        yield from unread


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        return "file" if entry.is_file(follow_symlinks=False) else ""
    except OSError:  # who opens it tells why
        return "file"


def put(line: bytes) -> None:
    """Write one line of results, at once. Raises `OSError`; `BrokenPipeError` when who reads them has gone."""
    if sys.stdout is None:  # the command was started with its output closed
        raise OSError(errno.EBADF, "standard output is closed")
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def tell(line: str) -> None:
    """Write one line of results. Where that can't be done the command ends with 2: nothing must say "found"."""
    try:
        put(line.encode("utf-8", "replace"))
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # else who reads has gone: nobody is left to tell
            with contextlib.suppress(OSError):
                typer.echo(f"safecare: the results can't be written: {error.strerror}", err=True)
        os._exit(2)  # what is still to be written would fail again; workers end with their parent


def beside(file: Path) -> Callable[[str], bytes]:
    """Return what gives the bytes of files named by paths from the folder of `file`, and of none outside it."""
    folder = file.parent.resolve()

    def read(path: str) -> bytes:
        found = (folder / path).resolve()
        if not found.is_relative_to(folder):
            raise PermissionError(1, "it lies outside the folder of the language")
        return found.read_bytes()

    return read


def read_model(file: Path, reader: Callable[[bytes, str], Model]) -> Model:
    """Return what `reader` makes of the bytes of `file`; ends the command with `UNUSABLE` when it can't be used."""
    from safecare.formats.problem import ModelFileError

    try:
        return reader(file.read_bytes(), str(file))
    except OSError as error:
        typer.echo(f"{file}: {error.strerror or error}", err=True)
    except ModelFileError as error:
        for line in error.told():
            typer.echo(line, err=True)
    raise typer.Exit(UNUSABLE)
