"""Commands in medical text: found in any spelling, never in what physicians and devices write or in random bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.medical.commands import names_command, scripted
from safecare.examine.medical.payload import coded, hidden
from safecare.testing.medical_attacks.variants import COMMANDS, WORDS

HONEST = (
    *WORDS.values(),
    "L'or ou l'argent ; `ok` $(12)",
    "TA <12/8> on <load> = 5 kg",
    "Douleur <3 jours>, onset = brutal",
    "Table dropped; select a union rep",
    "x = y; rm 2 points; cat scan normal",
    "Voir C:\\IMAGES\\cr.pdf et /home/dr/cr.txt",
    "http://pacs.hopital.example/wado?requestType=WADO&studyUID=1.2",
    "JavaScript désactivé ; data: voir annexe",
    "100% normal, 5%s",
)


@pytest.mark.parametrize("text", COMMANDS.values())
def test_each_command_is_found_in_any_case_and_place(text: str) -> None:
    for spelled in (text, text.upper(), text.swapcase(), f"Douleur {text} fin"):
        assert names_command(spelled.encode("latin-1"))
    assert names_command("Note ".encode("utf-16-le") + text.encode("utf-16-le")) or "script" not in text


@pytest.mark.parametrize("text", HONEST)
def test_honest_words_are_none(text: str) -> None:
    assert not names_command(text.encode())
    assert not names_command(text.encode("utf-16-le"))


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_within_bounds(data: bytes) -> None:
    for low, high in scripted(data):
        assert 0 <= low < high <= len(data)
    assert all(0 <= at <= len(data) for _, _, at in hidden(data, 0, len(data)))
    assert all(low < high for low, high, _ in coded(data))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzéèàç ,.:;'0123456789/()+-\n", max_size=400))
def test_plain_french_is_never_a_command(text: str) -> None:
    assert not names_command(text.encode())
