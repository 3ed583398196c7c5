"""Addresses that no record has a use for: where they lead is not what whoever follows them wants.

Source: CWE-918 (server-side request forgery), CWE-601; RFC 3986; Microsoft's list of URI schemes that open programs
(ms-msdt: CVE-2022-30190, search-ms: 2022); CVE-2021-44228 (schemes of lookups).
"""

from __future__ import annotations

import re

_ASTRAY = re.compile(
    r"(?i)https?://(?:169\.254\.|metadata\.|(?:0x[0-9a-f]{8}|\d{8,10})(?:[:/]|$)|\[::ffff:(?:169\.254\.|a9fe:))|"
    r"(?:gopher|dict|tftp|jar|netdoc|php|phar|expect):|"
    r"(?:ms-[a-z-]{2,30}|search(?:-ms)?|shell|mhtml|mk|res|its|ldaps?|rmi|iiop|corba(?:loc|name)):|"
    r"[^?#]*\.(?:exe|dll|scr|bat|cmd|ps1|vbs|jse?|hta|msi|lnk|jar)(?:[?#]|$)|"
    r"(?:file:|/|(?:\.\./){2,})(?:etc|proc|windows)/"
)
"""Services of a machine's host, and one number for the four of an address, which only hides where it leads; schemes
that no browser follows and libraries do; schemes that hand over to a program of the system; programs, system files."""


def leads_astray(address: str) -> bool:
    """Tell whether an address leads to the services of a machine's host, to a program or to a system file."""
    return _ASTRAY.match(address.strip()) is not None
