"""Parts of what is played: browsers move about in a film or a voice only where the server gives ranges of its bytes.

Source: RFC 9110, section 14: one range of bytes; several at once, and what is no range, give the whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def part_of(request: Request, raw: bytes, headers: Mapping[str, str], media: str) -> Response:
    """Return `raw`, or the range of it that `request` asks for: 206 with the range, 416 if there is none such."""
    told = {**headers, "Accept-Ranges": "bytes"}
    asked = RANGE.fullmatch(request.headers.get("range", "").strip())
    if asked is None or asked.group(0) == "bytes=-" or "if-range" in request.headers:
        return Response(raw, 200, told, media)
    first, last = asked.groups()
    begin = int(first) if first else max(0, len(raw) - int(last))
    end = min(int(last), len(raw) - 1) if first and last else len(raw) - 1
    if first and last and int(last) < int(first):
        return Response(raw, 200, told, media)
    if begin >= len(raw) or (not first and not int(last)):
        return Response(b"", 416, {**told, "Content-Range": f"bytes */{len(raw)}"})
    return Response(raw[begin : end + 1], 206, {**told, "Content-Range": f"bytes {begin}-{end}/{len(raw)}"}, media)
