"""Pictures that a phone reads: a link, or a key, as a QR code (ISO/IEC 18004)."""

from __future__ import annotations


def picture_of(text: str) -> list[str]:
    """Return the rows of the picture, each a string of 0 (light) and 1 (dark), without the quiet margin."""
    import segno  # only here: few requests need it

    return ["".join("1" if dark else "0" for dark in row) for row in segno.make_qr(text, error="m").matrix]
