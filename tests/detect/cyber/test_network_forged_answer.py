"""Two voices in one conversation: second answers, answers to something else, other bytes in the same place."""

from __future__ import annotations

import struct
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from safecare.app.network import Captures, Judged
from safecare.detect.cyber.network_forged_answer import ForgedAnswer
from safecare.model.events.network import CommandSeen
from safecare.model.hospital import Hospital
from safecare.testing.captures import PUSH, Tcp, Wire, modbus
from safecare.testing.made import HOSPITAL, made, restarted

RULE = "network.forged-answer"
READ, VALUES, OTHERS = struct.pack(">BHH", 3, 0, 2), struct.pack(">BBHH", 3, 4, 1, 2), struct.pack(">BBHH", 3, 4, 9, 9)


def judged(wire: Wire) -> list[Judged]:
    found, _ = Captures(Hospital.empty()).judge(Path("made.pcap"), wire.pcap())
    return [one for one in found if one.alert.rule == RULE]


def polled(rounds: int = 5, number: int | None = None) -> tuple[Wire, Tcp]:
    """Return a conversation with some questions and answers; all under one `number`, if given."""
    wire = Wire()
    talk = wire.tcp("10.7.0.10", 50_000, "10.7.0.21", 502)
    for at in range(rounds):
        talk.ask(modbus(at if number is None else number, 1, READ))
        talk.answer(modbus(at if number is None else number, 1, VALUES))
    return wire, talk


def test_a_second_answer_to_one_question() -> None:
    wire, talk = polled()
    frame = talk.answer(modbus(4, 1, OTHERS))
    (found,) = judged(wire)
    assert frame in found.frames
    assert found.alert.severity == 70


def test_other_bytes_in_the_place_of_an_answer() -> None:
    wire, talk = polled()
    place = talk.sent[1]
    first = talk.answer(modbus(5, 1, OTHERS))
    second = talk.segment(1, PUSH, modbus(5, 1, VALUES), place)
    (found,) = judged(wire)
    assert found.frames == {first, second}


@pytest.mark.parametrize(
    "answer", [struct.pack(">BBHHH", 3, 6, 1, 2, 3), struct.pack(">BBHH", 4, 4, 1, 2), struct.pack(">BB", 0x84, 2)]
)
def test_an_answer_to_what_was_not_asked(answer: bytes) -> None:
    wire, talk = polled()
    talk.ask(modbus(9, 1, READ))
    talk.answer(modbus(9, 1, answer))
    assert len(judged(wire)) == 1


def test_masters_that_use_one_number_for_all_are_honest() -> None:
    wire, talk = polled(number=0)
    for _ in range(3):  # two questions on their way under the same number
        talk.ask(modbus(0, 1, READ) + modbus(0, 1, struct.pack(">BHH", 4, 7, 1)))
        talk.answer(modbus(0, 1, VALUES))
        talk.answer(modbus(0, 1, struct.pack(">BBH", 4, 2, 5)))
    assert judged(wire) == []


def test_what_is_sent_again_as_it_was_is_honest() -> None:
    wire, talk = polled()
    talk.segment(1, PUSH, modbus(4, 1, VALUES), talk.sent[1] - len(modbus(4, 1, VALUES)))
    talk.segment(1, PUSH, b"\0", talk.sent[1] - 1)  # a keep-alive carries any byte
    assert judged(wire) == []


def test_questions_that_the_capture_has_lost_make_no_forger() -> None:
    wire, talk = polled(number=0)
    talk.sent[0] += len(modbus(0, 1, READ))  # a question that was not captured
    talk.answer(modbus(0, 1, VALUES))
    talk.ask(modbus(0, 1, READ))
    talk.answer(modbus(0, 1, VALUES))
    assert judged(wire) == []


def test_the_same_two_are_told_once_within_the_pause_and_across_a_restart() -> None:
    ends: dict[str, Any] = {
        "src_ip": "10.1.50.10",
        "dst_ip": "10.1.50.20",
        "protocol": "modbus",
        "command": "read_coils",
    }

    def contested(second: float) -> CommandSeen:
        return made(CommandSeen, second, operation="contested", facts={"kind": "response"}, **ends)

    rule = ForgedAnswer(HOSPITAL, pause=timedelta(minutes=10))
    assert len(list(rule.feed([contested(0), contested(60)]))) == 1
    after = restarted(rule, ForgedAnswer(HOSPITAL, pause=timedelta(minutes=10)))
    assert [len(list(after.feed([contested(second)]))) for second in (120, 700)] == [0, 1]
