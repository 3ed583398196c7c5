"""What makes the judging of mails fast changes nothing of what is found."""

from __future__ import annotations

from email.parser import HeaderParser

from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.examine.engine import Engine
from safecare.formats.html import AT_ONCE, read_html
from safecare.formats.mail import examine as examine_mail
from safecare.formats.mail import read_mail, told
from safecare.formats.mime import read_mime
from safecare.formats.wording import ASKS

OWN = ("aurore.example",)
LURE = (
    b"From: Support <a@b.example>\r\nTo: c@aurore.example\r\nSubject: x\r\n\r\n"
    b"Your account will be suspended, confirm your password: https://aurore-login.example/"
)
LETTERS = st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789 '-")
LINES = st.sampled_from(
    (
        *("From: a@b\r\n", "Subject: x\n", "Subject : y\r\n", " more\r\n", "\tmore\n", "\r", "From x\n", ":\n"),
        *("To: \r\n", "X:\t\r\n", "to:b", "\x0b", "\x85: a\n", "x: \u2028\n"),
    )
)


@given(st.data())
@settings(max_examples=60)
def test_what_an_ask_needs_stands_in_all_that_it_finds(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([one for kinds in ASKS.values() for one in kinds]))
    text = data.draw(st.from_regex(kind.pattern, alphabet=LETTERS))
    assert kind.told(text)


@given(st.lists(LINES, max_size=12).map("".join))
def test_fields_are_those_that_the_library_reads(head: str) -> None:
    if "\n\n" in head or "\n\r\n" in head or head.startswith(("\r\n", "\n")):
        return
    ours, theirs = read_mime(head.encode()).headers, HeaderParser().parsestr(head)
    assert ours.items() == theirs.items()
    for name in ("subject", "To", "X", "from", "none"):
        assert ours.get(name) == theirs.get(name)
        assert ours.get_all(name, []) == theirs.get_all(name, [])
        assert (name in ours) == (name in theirs)


def test_a_page_of_many_tags_is_read_to_its_end() -> None:
    page = read_html("<b>" * (2 * AT_ONCE + 1) + "<a href='http://a.example/'>there</a> 1 < 2 <i>end")
    assert page.links == [("http://a.example/", "there")]
    assert page.text == "there 1 < 2 end"


def test_a_mail_that_was_read_is_judged_alike() -> None:
    engine, mail = Engine(own=OWN), read_mail(LURE, OWN)
    assert told(mail) == examine_mail(LURE, OWN)
    assert engine.judge(LURE, "a.eml", mail=mail) == engine.judge(LURE, "a.eml")
    assert engine.judge(LURE, "a.eml").findings
