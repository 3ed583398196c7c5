"""The words by which an ask is first looked for stand in all that it finds."""

from __future__ import annotations

import pytest

from safecare.examine.mail import callbacks, house, orders
from safecare.formats.wording import Ask


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (orders._SECRET, "restez discrets"),
        (orders._SECRET, "cela reste entre nous"),
        (orders._SECRET, "between you and me, he left"),
        (orders._SECRET, "n'en parlez a personne"),
        (orders._SECRET, "nous ne le mentionnons pas"),
        (orders._SECRET, "please do not discuss this"),
        (orders._SECRET, "keep this to yourself"),
        (orders._SECRET, "vous etes la seule personne informee"),
        (orders._SECRET, "gardez ca pour vous"),
        (orders._SECRET, "it is a surprise"),
        (orders._OTHER_ACCOUNT, "vers notre nouvel iban"),
        (orders._OTHER_ACCOUNT, "the account is under review"),
        (orders._OTHER_ACCOUNT, "sur le compte suivant"),
        (callbacks._DISPUTED, "if you didn't authorize it"),
        (callbacks._DISPUTED, "to cancel this"),
        (callbacks._DISPUTED, "pour l'annuler"),
        (callbacks._DISPUTED, "si vous n'etes pas a l'origine"),
        (callbacks._DISPUTED, "vous ne reconnaissez pas"),
        (orders._MONEY, "des operations bancaires"),
        (orders._MONEY, "une operation financiere"),
        (orders._BANK, "our new payment instructions for the invoice"),
        (house._COMMAND, "press win key + r"),
        (house._LOSS[0], "your files will be deleted"),
        (house._LOSS[0], "votre ligne sera coupee"),
    ],
)
def test_an_ask_is_told_wherever_its_pattern_stands(ask: Ask, text: str) -> None:
    assert ask.pattern.search(text)
    assert ask.told(text)


@pytest.mark.parametrize("text", ["did a note between us", "the part of the staff", "notre compte de la semaine"])
def test_beginnings_of_words_alone_ask_nothing(text: str) -> None:
    asks = (orders._OTHER_ACCOUNT, callbacks._DISPUTED, house._LOSS[0])
    assert not any(one.told(text) for one in asks)
