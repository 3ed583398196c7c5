"""Rendering of sentences in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.locale.catalogue import Catalogue, amount, span
from safecare.locale.extract import sentences
from safecare.model.hospital import Asset, Hospital, Name, Site
from safecare.model.ids import AssetId, SiteId
from safecare.model.text import Amount, Ref, Span, Text, When, say

SITE = SiteId("north")
HOSPITAL = Hospital(
    id="h",
    name=Name(en="Hospital", fr="Hôpital"),
    sites=(
        Site(id=SITE, name=Name(en="North", fr="Nord"), timezone="Europe/Paris"),
        Site(id=SiteId("far"), name=Name(en="Far", fr="Loin"), timezone="Indian/Reunion"),
    ),
    levels=(),
    zones=(),
    assets=(
        Asset(id=AssetId("door-1"), site=SITE, name=Name(en="Pharmacy door", fr="Porte de la pharmacie"), kind="door"),
    ),
    services=(),
    dependencies=(),
)
CATALOGUE = Catalogue(
    {
        "fr": {
            "{door} opened at {at}": "{door} ouverte le {at}",
            "Fell to {value}": "Descendu à {value}",
            "Wrong {place}": "Faux {lieu}",
            "Because: {cause}": "Cause : {cause}",
            "No translation": "",
        }
    }
)
AT = datetime(2026, 3, 5, 21, 4, tzinfo=UTC)
OPENED = say("{door} opened at {at}", door=Ref("door-1"), at=When(AT))


def test_fills_names_and_local_time_in_both_languages() -> None:
    assert CATALOGUE.render(OPENED, "en", HOSPITAL) == "Pharmacy door opened at 5 Mar 2026, 22:04"
    assert CATALOGUE.render(OPENED, "fr", HOSPITAL) == "Porte de la pharmacie ouverte le 5 mars 2026, 22:04"


def test_the_day_of_the_reader_is_not_repeated() -> None:
    said = "Pharmacy door opened at {}"
    assert CATALOGUE.render(OPENED, "en", HOSPITAL, now=AT + timedelta(hours=1)) == said.format("22:04:00")
    # Two hours later it is tomorrow in Paris, though not yet in UTC.
    assert CATALOGUE.render(OPENED, "en", HOSPITAL, now=AT + timedelta(hours=2)) == said.format("5 Mar 2026, 22:04")


def test_uses_the_time_zone_of_the_site() -> None:
    assert CATALOGUE.render(OPENED, "en", HOSPITAL, site="far").endswith("6 Mar 2026, 01:04")


@pytest.mark.parametrize(
    ("told", "year"), [("0001-01-01T00:00:00+14:00", "0001"), ("9999-12-31T23:59:59-12:00", "9999")]
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_time_at_the_end_of_the_calendar_is_shown_all_the_same(language: str, told: str, year: str) -> None:
    opened = say("{door} opened at {at}", door=Ref("door-1"), at=When(datetime.fromisoformat(told)))
    assert year in CATALOGUE.render(opened, language, HOSPITAL, now=AT)


@pytest.mark.parametrize("value", [1e308, -1e308, 1e26, 5e-324])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_number_of_any_size_is_shown(language: str, value: float) -> None:
    assert CATALOGUE.render(say("Fell to {value}", value=Amount(value, "Cel")), language, HOSPITAL)


def test_sentence_inside_a_sentence() -> None:
    text = say("Because: {cause}", cause=say("Fell to {value}", value=Amount(-19.5, "Cel")))
    assert CATALOGUE.render(text, "fr", HOSPITAL) == "Cause : Descendu à -19,5\N{NO-BREAK SPACE}°C"


@pytest.mark.parametrize("language", ["fr", "de", ""])
def test_missing_translation_falls_back_to_english(language: str) -> None:
    assert CATALOGUE.render(say("No translation"), language, HOSPITAL) == "No translation"


def test_translation_with_a_foreign_place_is_not_used() -> None:
    assert CATALOGUE.render(say("Wrong {place}", place="x"), "fr", HOSPITAL) == "Wrong x"


def test_place_without_value_stays_visible() -> None:
    assert CATALOGUE.render(say("Fell to {value}"), "fr", HOSPITAL) == "Descendu à {value}"


def test_places_reach_no_attributes() -> None:
    assert CATALOGUE.render(Text("{a.__class__} {a[0]} {}", {"a": 1}), "en", HOSPITAL) == "{a.__class__} {a[0]} {}"


def test_integers_stay_bare_and_decimals_get_the_readers_sign() -> None:
    text = say("{port} {value}", port=8440, value=0.5)
    assert CATALOGUE.render(text, "fr", HOSPITAL) == "8440 0,5"


def test_endless_nesting_ends() -> None:
    text = say("x")
    for _ in range(50):
        text = say("({inner})", inner=text)
    assert CATALOGUE.render(text, "en", HOSPITAL).count("(") < 10


@pytest.mark.parametrize(
    ("seconds", "en", "fr"),
    [
        (0, "0 secs", "0 s"),
        (4.5, "4.5 secs", "4,5 s"),
        (90, "1 min 30 secs", "1 min 30 s"),
        (599, "9 mins 59 secs", "9 min 59 s"),
        (1_665, "28 mins", "28 min"),
        (5_400, "1 hr 30 mins", "1 h 30 min"),
        (86_405, "1 day", "1 j"),
        (-60, "-1 min", "-1 min"),
        (float("nan"), "?", "?"),
    ],
)
def test_durations_in_words(seconds: float, en: str, fr: str) -> None:
    assert span(seconds, "en") == en
    assert span(seconds, "fr").replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ") == fr


@pytest.mark.parametrize(
    ("value", "unit", "en"),
    [
        (1234.5, "V", "1,234.5\N{NO-BREAK SPACE}V"),
        (55, "%", "55%"),
        (3, "{people}", "3"),
        (0.0123, "1", "0.0123"),
        (float("inf"), "", "inf"),
    ],
)
def test_measured_values(value: float, unit: str, en: str) -> None:
    assert amount(value, unit, "en") == en


def test_the_packages_own_catalogue_can_be_read() -> None:
    catalogue = Catalogue.load()
    assert catalogue.texts("en") == {}
    assert catalogue.translate("Sign in", "fr") == "Se connecter"


def test_the_browser_gets_the_sentences_of_its_screens_and_no_others() -> None:
    found, _ = sentences(Path(__file__).parents[2])
    assert set(Catalogue.load().texts("fr")) == {one.key for one in found if one.file.startswith("web/")}


@given(
    st.text(max_size=60),
    st.dictionaries(
        st.from_regex(r"[a-z]{1,3}", fullmatch=True),
        st.one_of(
            st.text(max_size=20),
            st.integers(),
            st.floats(),
            st.builds(Ref, st.text(max_size=10)),
            st.builds(When, st.datetimes(timezones=st.just(UTC))),
            st.builds(Span, st.floats()),
            st.builds(Amount, st.floats(), st.text(max_size=6)),
        ),
        max_size=4,
    ),
    st.sampled_from(["en", "fr", "xx"]),
)
def test_never_raises(key: str, args: dict[str, str | int | float | Ref | When | Span | Amount], language: str) -> None:
    CATALOGUE.render(Text(key, {**args}), language, HOSPITAL)
