from __future__ import annotations

import os
from pathlib import Path

import pytest

from safecare.locale.catalogue import Catalogue
from safecare.locale.extract_reasons import LIBRARIES, SYSTEM, python_reasons, templates
from safecare.locale.reasons import Reasons
from safecare.model.hospital import Hospital
from safecare.model.text import say

KNOWN = Reasons(
    {
        "no room: {lost} datagrams lost": "plus de place : {lost} datagrammes perdus",
        "not set up: {error}": "pas réglé : {error}",
        "library {need} is not installed": "la bibliothèque {need} n’est pas installée",
        "no room": "plus de place",
        "{host}: {error}": "nothing but places is no template",
        "byte {offset}": "octet {offset}",
        "not yet": "",
    }
)


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("no room: 7 datagrams lost", "plus de place : 7 datagrammes perdus"),
        ("not set up: library av is not installed", "pas réglé : la bibliothèque av n’est pas installée"),
        ("byte 33", "octet 33"),
        ("127.0.0.1:2525", "127.0.0.1:2525"),
        ("something that nobody has written", "something that nobody has written"),
        ("not yet", "not yet"),
        ("not set up: {error} {0} %s", "pas réglé : {error} {0} %s"),
        ("", ""),
        ("byte " + "9" * 5000, "byte " + "9" * 5000),
    ],
)
def test_as_much_as_is_known_is_translated(english: str, french: str) -> None:
    assert KNOWN.say(english) == french


def test_templates_are_found_in_code() -> None:
    source = """
def lacking(need):
    return f"library {need} is not installed" if need else ""

def f(self, intake, error, raw, place):
    intake.report(self.door, "ok", f"{len(self._open)} connected, {place[0]:.1f} and {place[1]}")
    intake.reject("door", raw, "larger than allowed" if raw else "no input", f"{place}: {error}")
    Missing(name, "not set up: " "yet")
    raise FormatError(f"byte {error.offset}: {type(error).__name__} is wrong", "here it is")
    return found, FormatError("its data is cut off", 0)
    log.info("nothing for people here")
"""
    assert sorted(python_reasons(source)) == [
        ("byte {offset}: {name__} is wrong", False),
        ("here it is", False),
        ("its data is cut off", False),
        ("larger than allowed", True),
        ("library {need} is not installed", True),
        ("no input", True),
        ("not set up: yet", True),
        ("{open} connected, {value} and {value_}", True),
    ]


def test_what_doors_say_of_themselves_is_in_the_catalogue() -> None:
    catalogue, root = Catalogue.load(), Path(__file__).parents[2]
    english = [one.key for one in templates(root) if one.state and catalogue.reason(one.key, "fr") == one.key]
    assert set(english) <= {"segment {value}", "{folder} UID {uid}"}
    assert (
        catalogue.reason("no room: senders are refused", "fr")
        == "plus de place\N{NO-BREAK SPACE}: les expéditeurs sont refusés"
    )
    assert catalogue.reason("no room: senders are refused", "en") == "no room: senders are refused"


def test_what_the_system_and_libraries_say_is_in_the_catalogue() -> None:
    catalogue = Catalogue.load()
    words = [*map(os.strerror, SYSTEM), *LIBRARIES]
    assert [one for one in words if catalogue.reason(one, "fr") == one] == []
    assert catalogue.reason("[Errno 13] Permission denied: '/a'", "fr") == (
        "'/a'\N{NO-BREAK SPACE}: accès refusé (erreur 13)"
    )


def test_a_reason_within_a_sentence_is_told_in_its_language() -> None:
    told = say("The file cannot be read: {reason}.", reason="Permission denied")
    catalogue, nobody = Catalogue.load(), Hospital.empty()
    assert catalogue.render(told, "en", nobody) == "The file cannot be read: Permission denied."
    assert catalogue.render(told, "fr", nobody) == "Fichier impossible à lire\N{NO-BREAK SPACE}: accès refusé."
