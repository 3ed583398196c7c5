"""PDF files put together from numbered objects, for the tests of this folder."""

from __future__ import annotations

import re


def numbered(objects: dict[int, bytes]) -> bytes:
    """Return a PDF of `objects`, of which the first is the catalogue."""
    out, places = b"%PDF-1.7\n", dict[int, int]()
    for number, value in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % places[number] for number in sorted(places))
    tail = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table + tail


def written(objects: dict[int, bytes], before: bytes = b"%PDF-1.7\n") -> bytes:
    """Return `before` with a revision that holds `objects`."""
    out, rows = before, []
    for number, one in objects.items():
        rows.append(b"%d 1\n%010d 00000 n \n" % (number, len(out)))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    previous = re.findall(rb"startxref\n(\d+)", before)
    prev = b"/Prev " + previous[-1] if previous else b""
    tail = b"xref\n0 1\n0000000000 65535 f \n%strailer\n<</Size 60/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n"
    return out + tail % (b"".join(rows), prev, len(out))
