"""Sentences in the reader's language: looks a `Text` up in the gettext catalogue and fills its places.

The English sentence is the key. What has no translation is shown in English; nothing that stands in a
catalogue or in a `Text` can make rendering fail, because a guard must get the notice in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import Locale
from babel.dates import format_datetime
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.units import format_unit

from safecare.locale.reasons import PLACE, Reasons
from safecare.model.hospital import Hospital
from safecare.model.text import Amount, Ref, Span, Text, When

LANGUAGES = ("en", "fr")
"""Languages in which every sentence exists."""

FRONT = "web/"
"""Where the sources of the front end stand: as a catalogue names the place of each sentence."""

REASON = "reason"
"""Place in a sentence for what a part gives in plain English (`safecare.locale.reasons`)."""

_LOCALES = {"en": "en_GB", "fr": "fr_FR"}  # chosen: day before month in both, as in the hospitals served
_MOMENT = "d MMM y, HH:mm"  # chosen: the month in letters can't be read the wrong way round
_TODAY = "HH:mm:ss"  # chosen: alerts of one attack come within seconds of each other
_DEPTH = 6  # chosen: sentences inside sentences; more is a mistake or an attack
_UNITS = {
    "Cel": "°C",
    "[degF]": "°F",
    "%": "%",
    "1": "",
    "[ppm]": "ppm",
    "Ohm": "Ω",
    "um": "µm",
    "m2": "m²",
    "m3": "m³",
    "m/s2": "m/s²",
}
"""How UCUM codes are written for people, where it differs (UCUM 2.1, table of units and print symbols)."""
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
"""Years between which times are put into words (chosen: far from the ends of the calendar)."""
_LARGEST = 1e15
"""Beyond, numbers stand as powers of ten (chosen: all digits of a 64-bit float; the library fails above 1e26)."""
_COARSE = 600.0
"""Seconds from which a duration is told in whole minutes (chosen: no forecast is closer)."""
_STEPS = ((86_400.0, "duration-day"), (3_600.0, "duration-hour"), (60.0, "duration-minute"), (1.0, "duration-second"))


class Catalogue:
    """Translations by language. Immutable; may be used from any thread."""

    def __init__(
        self,
        translations: Mapping[str, Mapping[str, str]],
        reasons: Mapping[str, Reasons] = MappingProxyType({}),
        front: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        """Take translations and reasons by language, and of the translations those that the front end says itself.

        Translations go from the English sentence to the other.
        """
        self._reasons = reasons
        self._front = front
        self._translations: dict[str, Mapping[str, str]] = {
            language: MappingProxyType(dict(texts)) for language, texts in translations.items()
        }

    @classmethod
    @cache
    def load(cls) -> Catalogue:
        """Read the catalogues, once a process. Raises `babel.messages.pofile.PoFileError` for a broken one."""
        others = [language for language in LANGUAGES if language != "en"]
        reasons = {language: Reasons(_translated(_read(language, "reasons"))) for language in others}
        told = {language: _read(language, "safecare") for language in others}
        front = {language: _translated(filter(_of_front, messages)) for language, messages in told.items()}
        return cls({language: _translated(messages) for language, messages in told.items()}, reasons, front)

    def texts(self, language: str) -> dict[str, str]:
        """Return the translations into `language` of what the front end says itself; empty for English.

        The rest (two thirds) reaches the browser within what it describes, and in the reader's language.
        """
        return dict(self._front.get(language, {}))

    def reason(self, text: str, language: str) -> str:
        """Return a reason that a part has given in plain English, in `language` where its template is known."""
        known = self._reasons.get(language)
        return known.say(text) if known is not None else text

    def translate(self, key: str, language: str) -> str:
        """Return the sentence in `language` with its places still open; the English one if there is no other.

        A translation that names a place that the English sentence lacks is not used.
        """
        found = self._translations.get(language, {}).get(key)
        if not found or not set(PLACE.findall(found)) <= set(PLACE.findall(key)):
            return key
        return found

    def render(
        self, text: Text, language: str, hospital: Hospital, site: str | None = None, now: datetime | None = None
    ) -> str:
        """Return `text` in `language`. Times are those of `site`'s time zone (default: the hospital's first site).

        With `now`, for a screen that shows what the date is: moments of that day are told by time alone, with seconds.
        Never raises for what stands in `text`: a place without a value stays visible as ``{place}``.
        """
        return self._render(text, _Reader(language, hospital, site, now), _DEPTH)

    def _render(self, text: Text, reader: _Reader, depth: int) -> str:
        sentence = self.translate(text.key, reader.language)
        if text.fr and reader.language == "fr" and set(PLACE.findall(text.fr)) <= set(PLACE.findall(text.key)):
            sentence = text.fr
        if depth == 0:
            return sentence

        def fill(match: re.Match[str]) -> str:
            value = text.args.get(match[1])
            if value is None:
                return match[0]
            if isinstance(value, Text):
                return self._render(value, reader, depth - 1)
            if match[1] == REASON and isinstance(value, str):
                return self.reason(value, reader.language)
            return reader.show(value)

        return PLACE.sub(fill, sentence)


class _Reader:
    """One reader: language, and the hospital whose names and clock are shown."""

    def __init__(self, language: str, hospital: Hospital, site: str | None, now: datetime | None) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._hospital = hospital
        self._site = site
        self._now = now
        self._locale = _locale(self.language)

    def show(self, value: str | int | float | Ref | When | Span | Amount) -> str:
        match value:
            case Ref(id=id):
                return self._hospital.label(id, self.language)
            case When(at=at):
                return self._moment(at)
            case Span(seconds=seconds):
                return span(seconds, self.language)
            case Amount(value=number, unit=unit):
                return amount(number, unit, self.language)
            case float():
                return _number(value, self._locale)
            case _:
                # Integers stay bare: ports, numbers of rooms and counts must not get a thousands sign.
                return str(value)

    def _moment(self, at: datetime) -> str:
        zones = {str(site.id): site.timezone for site in self._hospital.sites}
        zone = _zone(zones.get(self._site or "") or next(iter(zones.values()), "UTC"))
        if not _FIRST_YEAR < at.year < _LAST_YEAR:  # a sender may tell any time: in another zone these would overflow
            return at.isoformat(sep=" ", timespec="minutes")
        today = self._now is not None and self._now.astimezone(zone).date() == at.astimezone(zone).date()
        return str(format_datetime(at, _TODAY if today else _MOMENT, tzinfo=zone, locale=self._locale))


def span(seconds: float, language: str) -> str:
    """Return a duration in words, in its two largest units: ``1 h 30 min``, ``4.5 s``; no seconds from `_COARSE`."""
    locale = _locale(language)
    if not abs(seconds) < 1e12:  # also catches what is not a number
        return "?"
    if seconds < 0:
        return "-" + span(-seconds, language)
    if seconds < 10 and seconds != int(seconds):
        return str(format_unit(round(seconds, 1), "duration-second", length="short", locale=locale))
    left = float(round(seconds) if seconds < _COARSE else round(seconds / 60) * 60)
    parts: list[str] = []
    for size, unit in _STEPS:
        count, left = divmod(left, size)
        if count:
            parts.append(str(format_unit(int(count), unit, length="short", locale=locale)))
        elif parts:
            break  # 1 day and 5 seconds is 1 day
        if len(parts) == 2:
            break
    return " ".join(parts) or str(format_unit(0, "duration-second", length="short", locale=locale))


def amount(value: float, unit: str, language: str) -> str:
    """Return a measured value with the decimal sign of `language` and its unit (UCUM code) as people write it."""
    number = _number(value, _locale(language))
    symbol = _UNITS.get(unit, re.sub(r"\{[^}]*\}", "", unit))  # UCUM annotations in braces carry no unit
    if not symbol:
        return number
    if symbol == "%" and language == "en":
        return number + symbol
    return f"{number}\N{NO-BREAK SPACE}{symbol}"


def _number(value: float, locale: Locale) -> str:
    if value != value or value in {float("inf"), float("-inf")}:
        return str(value)
    if abs(value) >= _LARGEST:
        return f"{value:.6g}"
    # Two decimals for what people measure; small values keep three significant digits.
    pattern = "#,##0.##" if abs(value) >= 0.1 or value == 0 else "0.####"
    return str(format_decimal(value, pattern, locale=locale))


def _read(language: str, name: str) -> list[Message]:
    path = files("safecare.locale").joinpath(language, "LC_MESSAGES", f"{name}.po")
    with path.open("rb") as file:
        return [one for one in read_po(file, locale=language, abort_invalid=True) if one.id and one.string]


def _translated(messages: Iterable[Message]) -> dict[str, str]:
    return {str(one.id): str(one.string) for one in messages}


def _of_front(message: Message) -> bool:
    return any(file.startswith(FRONT) for file, _ in message.locations)


@lru_cache(maxsize=8)
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, "en_GB"))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
