"""Phone calls by the hospital's exchange, which a small server stands for here; its words are those of Asterisk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from exchange_house import PASSWORD, Exchange
from made_incidents import hospital, incident, notices, receipts, route
from push_service import NOTICE

from safecare.exchange.log import Entry
from safecare.exchange.memory import MemoryLog
from safecare.model.events import decode_event
from safecare.model.events.acts import NoticeAnswered
from safecare.model.notice import Notice, Receipt
from safecare.model.text import Text, say
from safecare.model.topics import decode, encode
from safecare.notify.channels.voice import CALLS, Manager, Voice
from safecare.notify.dispatch import Dispatcher, Late
from safecare.notify.stage import NotifyStage
from safecare.testing.clock import FakeClock

NUMBER = "33601020304"


def render(text: Text, notice: Notice) -> str:
    return text.key


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    exchange = Exchange()
    yield exchange
    exchange.close()


def voice(exchange: Exchange, late: Late, numbers: tuple[str, ...] = (NUMBER,), **more: Any) -> Voice:
    return Voice(
        "127.0.0.1",
        "safecare",
        more.pop("password", PASSWORD),
        {"operator": numbers},
        render,
        FakeClock(),
        lambda notice, receipt: late.put((notice, receipt)),
        port=more.pop("port", exchange.port),
        listen=more.pop("listen", 5.0),
        **more,
    )


def told(late: Late, count: int) -> list[str]:
    return [late.get(timeout=10)[1].outcome for _ in range(count)]


def test_picked_up_and_a_key(exchange: Exchange) -> None:
    late: Late = SimpleQueue()
    exchange.fate[NUMBER] = "1"
    [receipt] = voice(exchange, late, dial="PJSIP/{number}@trunk").send(NOTICE)
    assert receipt.outcome == "sent"
    assert told(late, 2) == ["delivered", "acknowledged"]
    [call] = exchange.calls
    assert call["Channel"] == f"PJSIP/{NUMBER}@trunk"
    assert (call["Context"], call["Async"], call["Timeout"]) == ("safecare", "true", "30000")
    assert unquote(call["SAFECARE_TEXT"]) == f"{NOTICE.title.key}. {NOTICE.body.key}"
    assert "%" not in call["SAFECARE_NOTICE"]


@pytest.mark.parametrize(
    ("fate", "outcomes"),
    [("9", ["delivered", "help"]), ("no answer", ["failed"]), ("hangs up", ["failed"]), ("picked up", ["delivered"])],
)
def test_what_came_of_a_call(exchange: Exchange, fate: str, outcomes: list[str]) -> None:
    late: Late = SimpleQueue()
    exchange.fate[NUMBER] = fate
    assert [one.outcome for one in voice(exchange, late, listen=0.2).send(NOTICE)] == ["sent"]
    assert told(late, len(outcomes)) == outcomes
    assert late.empty()


def test_a_key_of_another_call_is_not_ours(exchange: Exchange) -> None:
    late: Late = SimpleQueue()
    exchange.fate[NUMBER] = "foreign key"
    channel = voice(exchange, late, listen=0.3)
    channel.send(NOTICE)
    assert told(late, 1) == ["delivered"]
    assert channel._lines.acquire(timeout=5)  # a call that is over gives its line back
    assert late.empty()


def test_all_phones_of_a_role_are_called(exchange: Exchange) -> None:
    late: Late = SimpleQueue()
    exchange.fate = {"601": "no answer", "602": "1"}
    assert voice(exchange, late, ("601", "602")).send(NOTICE)[0].outcome == "sent"
    assert sorted(told(late, 3)) == ["acknowledged", "delivered", "failed"]


def test_why_it_did_not_ring(exchange: Exchange) -> None:
    late: Late = SimpleQueue()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"password": "wrong"}, "The telephone exchange refused the sign-in"),
        ({"port": 9}, "The telephone exchange can't be reached"),
    ]
    for more, reason in cases:
        [receipt] = voice(exchange, late, **more).send(NOTICE)
        assert (receipt.outcome, receipt.reason) == ("failed", Text(reason))
    exchange.fate[NUMBER] = "refused"
    [receipt] = voice(exchange, late).send(NOTICE)
    assert receipt.reason == say("The telephone exchange did not take the call")
    [receipt] = voice(exchange, late).send(msgspec.structs.replace(NOTICE, role="nobody"))
    assert receipt.outcome == "nobody"
    assert exchange.signed_in == 1


def test_lines_are_bounded(exchange: Exchange) -> None:
    late: Late = SimpleQueue()
    channel = voice(exchange, late)
    for _ in range(CALLS):
        channel._lines.acquire()
    [receipt] = channel.send(NOTICE)
    assert receipt.reason == say("All lines are busy")


def test_words_can_give_the_exchange_no_orders(exchange: Exchange) -> None:
    late: Late = SimpleQueue()
    evil = say("Fire\r\nAction: Command\r\nCommand: core stop now\r\n, VAR=1")
    voice(exchange, late).send(msgspec.structs.replace(NOTICE, title=evil))
    told(late, 1)
    assert len(exchange.calls) == 1
    assert "Command: core stop now" in unquote(exchange.calls[0]["SAFECARE_TEXT"])
    with pytest.raises(ValueError, match="line end"):
        Manager(None).act([("Action", "x\r\nAction: y")])  # type: ignore[arg-type]


def test_words_are_spoken_into_a_file_where_there_is_a_voice(exchange: Exchange, tmp_path: Path) -> None:
    late: Late = SimpleQueue()
    script = "import sys; open(sys.argv[1], 'w').write(sys.argv[2] + '|' + sys.argv[3])"
    speech = (sys.executable, "-c", script, "{file}", "{language}", "{text}")
    voice(exchange, late, speech=speech, sounds=str(tmp_path)).send(NOTICE)
    [file] = tmp_path.glob("safecare-*.wav")
    assert file.read_text() == f"fr|{NOTICE.title.key}. {NOTICE.body.key}"
    assert exchange.calls[0]["SAFECARE_SOUND"] == str(file.with_suffix(""))
    broken = voice(exchange, late, speech=("/nowhere/voice",), sounds=str(tmp_path))
    assert broken.send(NOTICE)[0].outcome == "sent"  # then the dial plan speaks
    assert exchange.calls[1]["SAFECARE_SOUND"] == ""
    told(late, 2)


def test_settings_that_can_not_be_right() -> None:
    late: Late = SimpleQueue()
    exchange = Exchange()
    for numbers, more in (
        (("12;x",), {}),
        ((NUMBER,), {"dial": "PJSIP/trunk"}),
        ((NUMBER,), {"speech": ("espeak-ng",)}),
    ):
        with pytest.raises(ValueError, match=r"number|sounds"):
            voice(exchange, late, numbers, **more)
    exchange.close()


def test_a_key_ends_the_escalation_on_the_road(exchange: Exchange) -> None:
    """From the incident over the dispatcher and the exchange back to the stage, as an act."""
    clock, log, late = FakeClock(), MemoryLog(), SimpleQueue[tuple[Notice, Receipt]]()
    exchange.fate[NUMBER] = "1"
    stage = NotifyStage(hospital(route(levels=(("operator",), ("ciso",)), channels=("voice",))))
    stage.tick(clock.now())
    [notice] = notices(stage.feed([incident()]))
    log.append([Entry("notice", (encode(notice),))])
    dispatcher = Dispatcher(log, clock, {"voice": voice(exchange, late)}, late)
    acts: list[NoticeAnswered] = []
    while len(acts) < 2:
        dispatcher.step(0.05)
        raw = [item for batch in log.read({"event"}, 0, 100) for item in batch.items]
        acts = [one for one in map(decode_event, raw) if isinstance(one, NoticeAnswered)]
    assert [(one.answer, one.actor, one.revision) for one in acts] == [
        ("delivered", "operator", 1),
        ("acknowledged", "operator", 1),
    ]
    found = [receipt for act in acts for receipt in receipts(stage.feed([act]))]
    assert [one.outcome for one in found] == ["delivered", "acknowledged"]
    assert stage.tick(clock.advance(3600)) == []
    sent = [decode("receipt", item) for batch in log.read({"receipt"}, 0, 100) for item in batch.items]
    assert [one.outcome for one in sent] == ["sent"]
