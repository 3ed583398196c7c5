"""The page is told to fetch."""

from __future__ import annotations

from safecare.model.ids import IncidentId, NoticeId, SiteId
from safecare.model.notice import Notice
from safecare.model.text import say
from safecare.notify.channels.page import Page
from safecare.testing.clock import START, FakeClock


def test_page_gives_the_same_receipt_each_time() -> None:
    notice = Notice(
        id=NoticeId("n"),
        revision=1,
        incident=IncidentId("i"),
        site=SiteId("s"),
        at=START,
        role="guard",
        channel="page",
        severity=50,
        title=say("t"),
        body=say("b"),
    )
    page = Page(FakeClock())
    assert page.send(notice) == page.send(notice)
    assert page.send(notice)[0].outcome == "sent"
