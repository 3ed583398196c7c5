"""Apostrophes and spaces of French sentences."""

from __future__ import annotations

import pytest

from safecare.locale.typography import french, french_page


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("Quelqu'un l'a vu", "Quelqu\u2019un l\u2019a vu"),
        ("d'{thing} : {count} % ; fini !", "d\u2019{thing}\u00a0: {count}\u00a0%\u00a0; fini\u00a0!"),
        ("« {words} »", "«\u00a0{words}\u00a0»"),
        ("holding:, input: (Modbus) et 12:30", "holding:, input: (Modbus) et 12:30"),
        ("le filtre 'tcp port 502'", "le filtre 'tcp port 502'"),
        ("dans /etc ou ://hote", "dans /etc ou ://hote"),
    ],
)
def test_it_is_set_as_the_lexique_says_and_stays_so(typed: str, set_: str) -> None:
    assert french(typed) == set_
    assert french(set_) == set_


def test_code_and_addresses_of_a_page_stay_as_they_are() -> None:
    kept = "(a.md#l'aide)", "`d'ici : x`", "| :--- | --- |", "```sh\necho 'l'eau : ici'\n```"
    said = french_page("\n".join((f"Voir [l'aide]{kept[0]} : {kept[1]}", *kept[2:])))
    assert said == "\n".join((f"Voir [l\u2019aide]{kept[0]}\u00a0: {kept[1]}", *kept[2:]))
    assert french_page(said) == said
