"""Reading a drawing of a storey in a confined process, ``python -m safecare.sources.files.drawings PARENT``.

The process gets one line of JSON (`Asked`) and the bytes, and answers with JSON: the `Drawing`, or why there is none.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import subprocess
import sys

import msgspec

from safecare.formats.drawing import Drawing, DrawingError, read_drawing
from safecare.model.layout import laid_out
from safecare.model.text import Text, say
from safecare.sources.files.confine import allow_cpu, confine, die_with_parent

WALL = 60.0
"""Seconds that one drawing may take. Chosen: the DXF of a furnished storey (20 MB) takes some ten seconds."""
CPU = 50
"""Seconds of processor time."""


SMALL = {
    "dxf": b"0\nSECTION\n2\nENTITIES\n0\nTEXT\n8\n0\n10\n1\n20\n1\n40\n1\n1\nA\n0\nMTEXT\n8\n0\n10\n1\n20\n1\n1\nB\n"
    b"0\nLWPOLYLINE\n8\n0\n90\n3\n70\n1\n10\n0\n20\n0\n42\n0.5\n10\n9\n20\n0\n10\n0\n20\n9\n0\nENDSEC\n0\nEOF\n"
}
"""A drawing that makes its library load what it loads late."""


class Asked(msgspec.Struct, frozen=True):
    """What is to be read: the format, the storey of the file, metres of one unit (0: as the file says)."""

    form: str
    level: str = ""
    unit: float = 0.0


class Answer(msgspec.Struct, frozen=True):
    """The drawing, or the reason why there is none, and its place."""

    drawing: Drawing | None = None
    reason: Text | None = None
    place: str = ""


def read_confined(raw: bytes, form: str, level: str = "", unit: float = 0.0) -> Drawing:
    """Return what `raw` holds, read by a process that can open no file and reach nobody. Raises `DrawingError`."""
    asked = msgspec.json.encode(Asked(form, level, unit))
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            (sys.executable, "-m", "safecare.sources.files.drawings", str(os.getpid())),
            input=asked + b"\n" + raw,
            capture_output=True,
            timeout=WALL,
            check=False,
        )
        answer = msgspec.json.decode(done.stdout, type=laid_out(Answer))
    except subprocess.TimeoutExpired as error:
        raise DrawingError(say("Reading the drawing took longer than {seconds} s.", seconds=int(WALL))) from error
    except msgspec.DecodeError as error:
        raise DrawingError(say("The drawing can't be read: its reader had to be stopped.")) from error
    if answer.drawing is None:
        raise DrawingError(
            answer.reason or say("The drawing can't be read: its reader had to be stopped."), answer.place
        )
    return answer.drawing


def main(parent: int) -> None:
    """Answer one question."""
    die_with_parent(parent)
    asked = msgspec.json.decode(sys.stdin.buffer.readline(4096), type=laid_out(Asked))
    _load(asked.form)
    confine()
    allow_cpu(CPU)
    try:
        answer = Answer(read_drawing(sys.stdin.buffer.read(), asked.form, asked.level, asked.unit))
    except DrawingError as error:
        answer = Answer(None, error.reason, error.place)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


def _load(form: str) -> None:
    """Load what reading needs: nothing can be loaded once we are confined. Reading a small drawing loads the rest."""
    import shapely  # noqa: F401 - see above

    with contextlib.suppress(ImportError, DrawingError):
        if form == "dxf":
            from ezdxf.tools.codepage import codepage_to_encoding

            for encoding in codepage_to_encoding.values():
                codecs.lookup(encoding)
        read_drawing(SMALL.get(form, b""), form)


if __name__ == "__main__":
    main(int(sys.argv[1]))
