"""Where addresses in files lead, as seen from within a house: certainly elsewhere, certainly here, or by a name.

Servers of a house have private addresses (RFC 1918, 4193) or short names, which nothing outside answers to; those of
makers and partners have full names. A bare number outside of the private networks is neither.
"""

from __future__ import annotations

import ipaddress
import re
from itertools import islice

MOST = 200
"""Addresses of one text that are looked at. Chosen: settings and workbooks hold a few."""
_ADDRESS = re.compile(rb"(?:\b[a-zA-Z][\w+-]{1,14}:/{2,5}|\\\\|(?<![:\w/])//)([\w.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])")
_NUMBER = re.compile(rb"(?:\d{8,10}|0x[0-9a-f]{8}|\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])", re.IGNORECASE)
STARTING = rb"search(?:-ms)?:[^)\"']{0,900}location(?::|%3a)|ms-(?:appinstaller|msdt|officecmd|cxh|cxh-full|search):"
"""Addresses (a pattern for `linear`) that start programs of Windows which were misused so: searches of a foreign share,
installers, the troubleshooter (CVE-2022-30190; Microsoft, "ms-appinstaller", 2023; Positive Security, 2021)."""
_HERE = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
            "::1",
        ),
    )
)
"""Networks that lie within the house (RFC 1918, 4193), on the link (RFC 3927, 4291) or in the machine."""


def is_abroad(host: bytes) -> bool:
    """Tell whether `host` is a bare number that lies outside of the networks of houses."""
    if not _NUMBER.fullmatch(host):
        return False
    try:
        address = ipaddress.ip_address(host.strip(b"[]").decode("ascii"))
    except ValueError:
        return b"." not in host  # one number for the four: only what hides is written so
    return not any(address in network for network in _HERE if network.version == address.version)


def is_here(host: bytes) -> bool:
    """Tell whether `host` can only be reached within the house: a name of one word, or a private number."""
    if _NUMBER.fullmatch(host):
        return not is_abroad(host)
    return b"." not in host


def leads_abroad(text: bytes) -> bool:
    """Tell whether an address in `text` leads to a bare number elsewhere."""
    return any(is_abroad(found[1]) for found in islice(_ADDRESS.finditer(text), MOST))
