"""Links as gateways rewrite them, so that a click is checked first: where they lead once it was. Pure.

Each vendor's form keeps the address it replaced in sight (in a parameter, percent-encoded in the path, in Base64), or
its host alone, or nothing. Forms after the vendors' own notes: Microsoft Safe Links, Proofpoint URL Defense 1 to 3,
Mimecast, Barracuda, Sophos, Cisco, Trend Micro, Vade, Mailinblack, Trellix, Symantec, Check Point, INKY.
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import unquote

from safecare.formats.domains import host_of

GATEWAYS = tuple(
    "safelinks.protection.outlook.com urldefense.com urldefense.proofpoint.com mimecast.com mimecastprotect.com "
    "linkprotect.cudasvc.com protection.sophos.com secure-web.cisco.com trendmicro.com vadesecure.com mailinblack.com "
    "fireeye.com clicktime.symantec.com url-protection.com avanan.click inky.com emailprotection.link "
    "hornetsecurity.com fortimail.com".split()
)
"""Hosts, and parents of hosts, of gateways' rewritten links."""
_SUFFIXES = tuple("." + one for one in GATEWAYS)
_AUTHORITY = re.compile(r"(?i)https?://([^/?#]{1,300})")
_PROOFPOINT_2 = re.compile(r"(?i)/v2/url\?u=([^&\s]{3,4000})")
_PROOFPOINT_3 = re.compile(r"(?i)/v[34]/_{2,3}(https?:/.{3,4000}?)_{2,3}[;.]")
_INNER = re.compile(r"(?i)[?&/=_](https?(?::|%3a)(?:/|%2f){1,2}[^&#\s]{3,4000})")
_IN_BASE64 = re.compile(r"[?&]u=([\w+/=-]{8,4000})")
_HOST_ALONE = re.compile(r"(?i)[?&](?:domain|d)=((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?:[&#]|$)")
_GOOGLE = re.compile(
    r"(?i)https?://(?:www\.)?google\.[a-z.]{2,6}/url[^#]{0,400}?[?&](?:url|q|u)=(https?[^&#\s]{3,2000})"
)
_REDIRECTED = re.compile(
    r"(?i)https?://(?:www\.)?(?:google\.[a-z.]{2,6}/(?:url|amp/s/)|(?:adclick\.g\.)?doubleclick\.net/|"
    r"googleadservices\.com/|bing\.com/ck/|youtube\.com/redirect|l\.facebook\.com/|linkedin\.com/(?:slink|redir)|"
    r"baidu\.com/link|[\w.-]{1,100}\.adobe\.com/r/)"
)
"""Pages of known organisations that lead on to any address (open redirects: CWE-601), as reported of lures."""
_WRITTEN_OUT = re.compile(r"(?i)google\.[a-z.]{2,6}/url\?[^#]{0,2000}&source=editors\b")
"""Links of documents that were written in Google's editors: all of them lead by its page."""
_AFTER_AMP = re.compile(r"(?i)google\.[a-z.]{2,6}/amp/s/([^\s]{3,2000})")
_COUNTED = re.compile(r"[?&!]u=a1([\w-]{8,4000})")
"""Bing's page names its end in Base64, behind ``a1``."""
MOST = 3
"""Gateways one behind the other that are taken off. Chosen: a hospital's, its host's and a correspondent's."""


def guarded(host: str) -> bool:
    """Tell whether `host` is one to which gateways lead in place of another."""
    return host.endswith(GATEWAYS) and (host in GATEWAYS or host.endswith(_SUFFIXES))  # most end otherwise


@lru_cache(maxsize=2048)
def unguarded(url: str) -> str:
    """Return the address that gateways replaced by `url`; `url` itself where none did, or none can be told."""
    for _ in range(MOST):
        inner = _replaced(url) if _at_gateway(url) else ""
        if not inner:
            break
        url = inner
    return url


@lru_cache(maxsize=2048)
def unwrapped(url: str) -> str:
    """Return where an address leads that gateways or Google wrapped, else `url`."""
    url = unguarded(url)
    found = _GOOGLE.match(url) if "google." in url[:80].lower() else None
    return unquote(found[1]) if found else url


def redirected(url: str) -> str:
    """Return where a known organisation's page leads on to: `url` if it doesn't tell, empty if it is no such page."""
    if not _REDIRECTED.match(url) or _WRITTEN_OUT.search(url):
        return ""
    if amp := _AFTER_AMP.search(url):
        return f"https://{amp[1]}"
    if coded := _COUNTED.search(url):
        try:
            inner = base64.urlsafe_b64decode(coded[1] + "=" * (-len(coded[1]) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return url
        return inner if host_of(inner) else url
    found = _INNER.search(url[8:])
    return unquote(found[1]) if found else url


def _at_gateway(url: str) -> bool:
    """Tell by a quick look whether `url` may be a gateway's: `host_of` reads what this finds once more."""
    found = _AUTHORITY.match(url)
    return found is not None and guarded(found[1].rpartition("@")[2].partition(":")[0].lower())


def _replaced(url: str) -> str:
    if not guarded(host_of(url)):
        return ""
    if found := _PROOFPOINT_2.search(url):
        return unquote(found[1].replace("_", "/").replace("-", "%"))
    if found := _PROOFPOINT_3.search(url):
        return re.sub(r"(?i)^(https?):/(?!/)", r"\1://", found[1])
    if found := _INNER.search(url[8:]):
        return unquote(found[1])
    for one in _IN_BASE64.findall(url):
        try:
            inner = base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        if host_of(inner):
            return inner
    found = _HOST_ALONE.search(url)
    return f"https://{found[1]}/" if found else ""


__all__ = ["GATEWAYS", "guarded", "redirected", "unguarded", "unwrapped"]
