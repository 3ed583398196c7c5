r"""Regular expressions whose time is linear in the text, whoever wrote it: RE2 over bytes.

For what is searched in attackers' text. No look-around, no back references; ``\w``, ``\s`` and ``\b`` mean ASCII.
Measured: 30 to 70 times as fast as `re` on alternatives of words, 2 to 3 ms for 2 MB whatever the text is.
"""

from __future__ import annotations

import re
from typing import cast

MEMORY = 4 << 20
"""Bytes of states that one expression may keep. Chosen: RE2 forgets them and goes on; half of it is slow for some."""


def linear(pattern: bytes) -> re.Pattern[bytes]:
    """Return `pattern` compiled: the methods of `re.Pattern` that read."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = MEMORY
    return cast("re.Pattern[bytes]", re2.compile(pattern, options))
