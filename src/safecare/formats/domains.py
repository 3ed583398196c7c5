"""Names of hosts: registered domain, and whether one imitates another.

Imitation is judged on the registered label (``chu-aurore`` of ``mail.chu-aurore.fr``): look-alike letters
(after the skeletons of Unicode TR 39), one edit away (two for labels of 10 letters and more), the same
label under another ending, or the true label worn as a word of a foreign name (``chu-aurore-login.com``).
"""

# ruff: noqa: SIM905  (word lists read better as words)
from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

_SECOND = {
    "com": "ar au bd bo br cn co cy do ec eg es fr gr gt hk hn jm kw lb ly mm mt mx my ng ni np om pa pe ph pk pl pr "
    "pt py qa ro sa sg sv tn tr tw ua uy ve vn",
    "net org edu": "ar au br cn co ec eg gr hk jm kw lb ly mt mx my ng pa pe ph pk pl pr pt py qa sa sg tn tr tw ua "
    "uy ve vn",
    "co": "at cr hu id il in ir jp ke kr ma nz rs th tz ug uk uz za zm zw",
    "ac": "at be cr cy id il in ir jp ke kr ma nz rs th tz ug uk za zm zw",
    "org": "il in ma nz rs uk za",
    "net": "il in ma nz uk za",
    "or": "at id jp kr th",
    "go": "id jp ke kr th tz ug",
    "ne": "jp kr",
}
_TWO_LEVEL = frozenset("gov.uk nhs.uk gouv.fr asso.fr".split()) | {
    f"{one}.{country}"
    for seconds, countries in _SECOND.items()
    for one in seconds.split()
    for country in countries.split()
}
"""Endings of two labels under which anyone of a kind registers: those of the Public Suffix List (publicsuffix.org,
2025) for trade, networks, associations and schools. Without them all firms of a country would be one."""

_LOOKS_LIKE = str.maketrans(
    {
        **dict(zip("аеорсухіјѕһԁԛԝкмтвьԍ", "aeopcyxljshdqwkmtbbg", strict=True)),  # Cyrillic
        **dict(zip("αονρτυικγη", "aovptulkyn", strict=True)),  # Greek
        **dict(zip("ɡıɩǀℓ|", "glllll", strict=True)),
        **dict(zip("01345", "oleas", strict=True)),
        "i": "l",
    }
)
"""Letters that a reader takes for others, both brought to one form. After Unicode TR 39, confusables.txt."""

_WORD = re.compile(r"[-_.]")
_HOST = re.compile(r"[^\s/?#@:\\]+")
COMMON = frozenset(
    "apple amazon orange office outlook chase discover square target steam wise visa ledger binance booking".split()
)
"""Brands that are words of the language, too: worn within a foreign name they tell something only beside `_LURES`."""
_LURES = frozenset(
    "login secure security account verify update support signin password billing wallet id compte connexion".split()
)
TENANTS = frozenset(
    "sharepoint.com okta.com atlassian.net zoom.us service-now.com zendesk.com freshdesk.com myworkday.com webex.com "
    "salesforce.com force.com slack.com box.com qualtrics.com moodlecloud.com workplace.com ivanticloud.com "
    "ilucca.net talentsoft.com talent-soft.com csod.com docebosaas.com 360learning.com bamboohr.com personio.de "
    "personio.com oraclecloud.com egnyte.com freshservice.com "
    "sharepoint-df.com successfactors.eu successfactors.com teamdynamix.com easyvista.com glpi-network.cloud".split()
)
"""Services that give each customer a host that wears the customer's name: there it imitates nobody."""
MIN_EDITED = 6
"""Labels shorter than this are not compared letter by letter: one edit makes others of too many. Chosen."""
MIN_LABEL = 5
"""Labels shorter than this are only compared whole. Chosen."""


@lru_cache(maxsize=16384)
def registered(host: str) -> str:
    """Return the registered domain of `host` (``www.chu.example.fr`` -> ``example.fr``), an address as it is."""
    host = host.strip(".").lower()
    if is_address(host):
        return host
    labels = host.split(".")
    keep = 3 if ".".join(labels[-2:]) in _TWO_LEVEL else 2
    return ".".join(labels[-keep:])


def label(host: str) -> str:
    """Return the label that was registered: ``example`` of ``www.example.fr``."""
    return registered(host).split(".")[0]


@lru_cache(maxsize=16384)
def is_address(host: str) -> bool:
    """Tell whether `host` is an IP address, also in the odd forms that browsers take (decimal, hexadecimal)."""
    if re.fullmatch(r"\d{8,10}|0x[0-9a-f]{1,8}", host):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=2048)
def host_of(url: str) -> str:
    """Return the host of an http(s) address as the browser would see it, lower case; empty if there is none."""
    found = _AUTHORITY.match(url)
    if not found:
        return ""
    authority = found[1].rsplit("@", 1)[-1]
    if authority.startswith("["):
        return authority.split("]")[0].strip("[").lower()
    match = _HOST.match(authority)
    return match.group(0).strip(".").lower() if match else ""


_AUTHORITY = re.compile(r"\s*(?:https?:)?[/\\]{2,}([^/?#\\]{0,2000})", re.IGNORECASE)


def unicode_form(host: str) -> str:
    """Return `host` with punycode labels (``xn--``, RFC 3492) as the letters that a reader sees."""
    out: list[str] = []
    for part in host.lower().split("."):
        try:
            out.append(part[4:].encode("ascii").decode("punycode") if part.startswith("xn--") else part)
        except (UnicodeError, ValueError):
            out.append(part)
    return ".".join(out)


@lru_cache(maxsize=16384)
def mixed_script(host: str) -> bool:
    """Tell whether one label of `host` mixes Latin letters with Cyrillic or Greek ones, or holds styled letters."""
    shown = unicode_form(host)
    if shown.isascii():
        return False
    if unicodedata.normalize("NFKC", shown) != unicodedata.normalize("NFC", shown):
        return True
    for part in shown.split("."):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in part if letter.isalpha()}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK"}:
            return True
    return False


@lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """Return what `name` looks like: accents off, look-alike letters brought to one form, ``rn`` to ``m``."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return plain.translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w")


def imitates(host: str, genuine: Iterable[str], *, endings: bool = True) -> str:
    """Return the domain of `genuine` that `host` imitates; empty if it is genuine itself or imitates none.

    `endings` False takes the same label under another ending (``google.fr``) as genuine: world-wide brands do that.
    """
    return _imitates(host, tuple(genuine), endings) if host else ""


class _Form(NamedTuple):
    """A genuine domain, its label, what that looks like, and the letters of it as bits."""

    domain: str
    label: str
    seen: str
    letters: int


class _Genuine(NamedTuple):
    """Genuine domains, so laid out that a host is compared with few of them. Places: in the order given."""

    domains: frozenset[str]
    labels: frozenset[str]
    forms: tuple[_Form, ...]
    places: Mapping[str, tuple[int, ...]]
    """By what a label looks like."""
    edited: Mapping[int, tuple[int, ...]]
    """Places of those that are compared letter by letter, by length."""
    hyphened: tuple[int, ...]


@lru_cache(maxsize=64)
def _laid_out(genuine: tuple[str, ...]) -> _Genuine:
    real = dict.fromkeys(registered(one) for one in genuine)
    forms = tuple(_Form(one, label(one), skeleton(label(one)), _bits(skeleton(label(one)))) for one in real)
    places: dict[str, tuple[int, ...]] = {}
    edited: dict[int, tuple[int, ...]] = {}
    for place, one in enumerate(forms):
        places[one.seen] = (*places.get(one.seen, ()), place)
        if len(one.seen) >= MIN_EDITED and one.label not in COMMON:
            edited[len(one.seen)] = (*edited.get(len(one.seen), ()), place)
    hyphened = tuple(place for place, one in enumerate(forms) if "-" in one.seen and len(one.seen) >= MIN_LABEL)
    return _Genuine(frozenset(real), frozenset(one.label for one in forms), forms, places, edited, hyphened)


def _bits(text: str) -> int:
    """Return the letters of `text` as bits; some share one."""
    bits = 0
    for letter in text:
        bits |= 1 << (ord(letter) & 63)
    return bits


@lru_cache(maxsize=16384)
def _imitates(host: str, genuine: tuple[str, ...], endings: bool) -> str:  # noqa: FBT001 - a cached inner function
    if is_address(host):
        return ""
    own, known = registered(host), _laid_out(genuine)
    if own in known.domains or (not endings and label(host) in known.labels):
        return ""
    shown = unicode_form(host)
    seen, whole = skeleton(label(shown)), skeleton(shown)
    found = list(known.places.get(seen, ()) if len(seen) >= MIN_LABEL or not host.isascii() else ())
    found += _misspelt(seen, known)
    if own not in TENANTS:
        words = _WORD.split(whole)
        lures = not _LURES.isdisjoint(words)
        worn = [place for one in words[: -1 if len(words) > 1 else None] for place in known.places.get(one, ())]
        worn += [one for one in known.hyphened if _within(known.forms[one].seen, whole)]
        found += [
            place
            for place in worn
            if len(known.forms[place].seen) >= MIN_LABEL and (lures or known.forms[place].label not in COMMON)
        ]
    return known.forms[min(found)].domain if found else ""


def _misspelt(seen: str, known: _Genuine) -> Iterator[int]:
    """Yield the places of the domains whose label is one edit away from `seen`, or two where it is long."""
    letters = _bits(seen)
    for size in range(len(seen) - 2, len(seen) + 3):
        most = 2 if size >= 10 else 1
        for place in known.edited.get(size, ()):
            one = known.forms[place]
            if (letters ^ one.letters).bit_count() <= 2 * most and _edits(seen, one.seen) <= most:
                yield place


def _within(true: str, whole: str) -> bool:
    return true in whole and re.search(rf"(?:^|[-.]){re.escape(true)}(?:[-.]|$)", whole) is not None


@lru_cache(maxsize=4096)
def _edits(one: str, other: str) -> int:
    """Return the optimal string alignment distance, 3 where it is surely above 2."""
    if abs(len(one) - len(other)) > 2 or max(len(one), len(other)) > 63:
        return 3
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]
