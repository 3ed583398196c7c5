"""ntfy on a server of the house."""

from __future__ import annotations

import json

import msgspec
import pytest
from push_service import NOTICE, Service

from safecare.model.notice import Notice, Receipt
from safecare.model.text import Text
from safecare.notify.channels.ntfy import Ntfy
from safecare.testing.clock import FakeClock

pytest_plugins = ["push_fixtures"]


def render(text: Text, notice: Notice) -> str:
    return text.key


def send(url: str, notice: Notice = NOTICE) -> list[Receipt]:
    topics = {"operator": "safecare-desk"}
    channel = Ntfy(url, topics, render, FakeClock(), token="t", public_url="https://safe.example")
    return channel.send(notice)


def test_it_is_published_to_the_topic_of_the_role(service: Service) -> None:
    [receipt] = send(service.url)
    assert receipt.outcome == "sent"
    path, headers, body = service.got[0]
    assert path == "/"
    assert headers["authorization"] == "Bearer t"
    told = json.loads(body)
    assert told["topic"] == "safecare-desk"
    assert told["priority"] == 5  # severity 90 is critical
    assert told["sequence_id"] == NOTICE.id
    assert told["click"] == f"https://safe.example/a/{NOTICE.id}"


def test_a_low_notice_has_a_low_priority(service: Service) -> None:
    send(service.url, msgspec.structs.replace(NOTICE, severity=10))
    assert json.loads(service.got[0][2])["priority"] == 2


def test_refusals_and_absence_are_told(service: Service) -> None:
    service.answers = [403]
    [receipt] = send(service.url)
    assert receipt.outcome == "failed"
    assert receipt.reason is not None
    assert receipt.reason.args == {"code": 403}
    [receipt] = send("http://127.0.0.1:9")
    assert receipt.outcome == "failed"
    [receipt] = send(service.url, msgspec.structs.replace(NOTICE, role="nobody"))
    assert receipt.outcome == "nobody"


def test_an_address_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="address"):
        Ntfy("ntfy.example", {}, render, FakeClock())
