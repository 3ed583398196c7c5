"""Chat rooms by Apprise, with its generic JSON gateway."""

from __future__ import annotations

import json

import pytest
from push_service import NOTICE, Service

from safecare.model.notice import Notice
from safecare.model.text import Text
from safecare.notify.channels.chat import Chat
from safecare.testing.clock import FakeClock

pytest.importorskip("apprise")
pytest_plugins = ["push_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.imghdr.:DeprecationWarning")]


def render(text: Text, notice: Notice) -> str:
    return text.key


def test_it_is_sent_and_a_refusal_is_told(service: Service) -> None:
    urls = {"operator": [service.url.replace("http:", "json:") + "/room"]}
    channel = Chat(urls, render, FakeClock(), public_url="https://safe.example")
    [receipt] = channel.send(NOTICE)
    assert receipt.outcome == "sent"
    told = json.loads(service.got[0][2])
    assert told["type"] == "failure"
    assert f"https://safe.example/a/{NOTICE.id}" in told["message"]
    service.answers = [500]
    [receipt] = channel.send(NOTICE)
    assert receipt.outcome == "failed"


def test_unknown_addresses_and_roles_are_told() -> None:
    with pytest.raises(ValueError, match="unknown"):
        Chat({"operator": ["nothing://x"]}, render, FakeClock())
    [receipt] = Chat({}, render, FakeClock()).send(NOTICE)
    assert receipt.outcome == "nobody"
