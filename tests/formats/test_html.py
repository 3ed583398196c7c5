"""What a reader sees of a page: what a style hides, and what a style within shows again."""

import pytest

from safecare.formats.html import read_html
from safecare.formats.mail import read_mail


@pytest.mark.parametrize(
    "shown",  # the first as MJML writes
    [
        '<td style="direction:ltr;font-size:0px;padding:20px 0"><div style="font-size:13px">{}</div></td>',
        '<td style="font-size:0"><p style="font:16px/1.5 Arial">{}</p></td>',
        '<td style="font-size:0"><p style="font: bold 10.5pt Arial">{}</p></td>',
        '<td style="font-size:0"><font size="3">{}</font></td>',
        '<div style="font-size:0%"><span style="FONT-SIZE: small">{}</span></div>',
        '<td style="font-size:0"><p style="font-size:.75rem">{}</p></td>',
        '<td style="font-size:0"><p style="font-size:0.9rem">{}</p></td>',
        '<div style="visibility:hidden"><b style="visibility: visible">{}</b></div>',
        '<div style="font-size:0">&nbsp;<p>&nbsp;</div>{}',
    ],
)
def test_what_is_shown_again_is_read(shown: str) -> None:
    page = read_html(shown.format("claim your tokens"))
    assert "claim your tokens" in page.text
    assert page.unseen < 20


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="font-size:0">{}</div>',
        '<div style="font-size: 0px !important">{}</div>',
        '<div style="font-size:0.0em;color:red"><p style="font-size:2em">{}</p></div>',
        '<div style="font-size:0"><p style="font-size:150%">{}</p></div>',
        '<div style="display:none"><p style="font-size:12px;visibility:visible">{}</p></div>',
        '<div style="opacity:0"><p style="font-size:12px">{}</p></div>',
        '<div style="font-size:0"><div style="font-size:12px"></div>{}</div>',
        '<div style="visibility:hidden"><p style="font-size:12px">{}</p></div>',
        "<p hidden>{}</p>",
    ],
)
def test_what_stays_hidden_is_not_read(hidden: str) -> None:
    page = read_html(hidden.format("claim your tokens") + "after")
    assert page.text.strip() == "after"
    assert page.unseen == len("claim your tokens")


def test_addresses_in_the_text_of_a_page_are_links() -> None:
    page = (
        "<p>Hello Claim 1,000 tokens: https://short.example/ab</p><a href='https://service.example/x'>ours</a>"
        "<a href='https://service.example/y'>https://service.example/y</a>"
    )
    raw = f"From: a@service.example\nTo: b@c.example\nSubject: s\nContent-Type: text/html\n\n{page}".encode()
    assert [target for target, _ in read_mail(raw).links] == [
        "https://service.example/x",
        "https://service.example/y",
        "https://short.example/ab",
    ]
