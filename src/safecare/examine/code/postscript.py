"""PostScript that starts programs: Ghostscript opens a "file" that is a command, and printers' servers run Ghostscript.

Source: Ghostscript's documentation ("%pipe%" device, "|" in OutputFile); CVE-2018-16509, CVE-2023-36664 (commands in
spite of -dSAFER), CVE-2024-29510 (formats of "uniprint" that write into memory).
"""

from __future__ import annotations

from collections.abc import Iterator

from safecare.examine.api import Context, Finding, Part, analyser
from safecare.formats.linear import linear
from safecare.model.text import say

_COMMAND = linear(
    rb"\(\s{0,8}%pipe%|/OutputFile\s{0,20}\(\s{0,8}\||<\s{0,8}25\s{0,4}70\s{0,4}69\s{0,4}70\s{0,4}65\s{0,4}25"
)
"""The name of a command where one of a file stands, in letters or in hexadecimal digits."""
_FORMATS = linear(rb"/up(?:Y|X)?MoveCommand[^\r\n]{0,40}\([^)\r\n]{0,400}%[0-9$]{0,6}[pn]")


@analyser("postscript", wants={"postscript"})
class PostScript:
    """Tells commands in PostScript."""

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        """Yield at most one finding."""
        if _COMMAND.search(part.raw) or _FORMATS.search(part.raw):
            why = say("A page description (PostScript) starts a program on the machine that prints or shows it.")
            yield Finding("postscript.starts", why, 0.8, kind="postscript")
