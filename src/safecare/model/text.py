"""Sentences that a person will read, kept language-free until someone reads them.

A `Text` is an English sentence with named places, and what stands in these places. It is looked up
in the gettext catalogue and filled when the reader's language is known (`safecare.locale`).
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Ref(msgspec.Struct, frozen=True, tag="ref"):
    """A thing of the hospital (asset, zone, service, site), shown by its name in the reader's language."""

    id: str


class When(msgspec.Struct, frozen=True, tag="when"):
    """A point in time, shown in the site's time zone."""

    at: datetime


class Span(msgspec.Struct, frozen=True, tag="span"):
    """A duration in seconds, shown in words."""

    seconds: float


class Amount(msgspec.Struct, frozen=True, tag="amount"):
    """A measured value with its unit (UCUM symbol), shown with the reader's decimal sign."""

    value: float
    unit: str = ""


class Text(msgspec.Struct, frozen=True, tag="text", omit_defaults=True):
    """A sentence: `key` is the English text and the catalogue's key, `args` fill its {places}.

    `fr` is its French for sentences that no catalogue can hold: those of a site's own rules.
    """

    key: str
    args: dict[str, str | int | float | Ref | When | Span | Amount | Text] = {}
    fr: str = ""


def say(key: str, /, **args: str | int | float | Ref | When | Span | Amount | Text) -> Text:
    """Return the sentence `key` filled with `args`. The catalogue is extracted from these calls."""
    return Text(key, args)
