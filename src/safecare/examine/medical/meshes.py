"""Shapes and their materials (Wavefront OBJ, MTL): files that a viewer fetches, commands that a modeller runs.

Source: PS3.3 C.24.2 and A.85 (encapsulated OBJ and MTL: references are names of instances beside it), Wavefront
"Object Files" appendix B (``call`` reads a file with arguments, ``csh`` runs a command of the system).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from safecare.examine.api import Finding, Part, Where
from safecare.formats.linear import linear
from safecare.model.text import say

MEDIA = frozenset({b"model/obj", b"model/mtl"})
_LINE = linear(
    rb"(?im)^[ \t]*(?:(csh|call)[ \t]+-?|"
    rb"(?:mtllib|maplib|usemap|shadow_obj|trace_obj|map_\w+|bump|disp|decal|norm|refl)\b)"
    rb"([^\r\n]{1,1000})"
)
_ELSEWHERE = linear(
    rb"(?i)(?:^|[ \t\"'])(?:\\\\|//|/|[a-z]:[\\/]|[a-z][a-z0-9+.-]{1,20}:[\\/]{1,2}|(?:[^ \t]{0,200}[\\/])?\.\.[\\/])"
)
"""A file of another host, of the machine's own folders, or beyond the folder of the shape."""
MOST = 1000
"""Lines that are looked at. Chosen: exporters write one library and some ten textures."""


def meshes(part: Part, raw: bytes, place: str) -> Iterator[Finding]:
    """Yield what the shape or material `raw` reaches for; `place` names it."""
    for found in islice(_LINE.finditer(raw), MOST):
        shown = found.group()[:60].decode("latin-1").strip()
        if found[1] and found[1].lower() == b"csh":
            why = say("The shape runs a command of the system: {text}.", text=shown)
            yield Finding("dicom.mesh.command", why, 0.9, Where(part.path, place))
        elif _ELSEWHERE.search(found[2]):
            why = say("The shape or its material is to be fetched from elsewhere: {text}.", text=shown)
            yield Finding("dicom.mesh.address", why, 0.7, Where(part.path, place))
        else:
            continue
        return
