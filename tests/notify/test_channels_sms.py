"""SMS into the outbox of gammu-smsd, which a small program stands for here."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from push_service import NOTICE

from safecare.model.notice import Notice
from safecare.model.text import Text
from safecare.notify.channels.sms import LENGTH, PROGRAM, Sms
from safecare.testing.clock import FakeClock


def render(text: Text, notice: Notice) -> str:
    return text.key


@pytest.fixture
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that writes its arguments down, one in a line, and refuses numbers that end with 9."""
    kept = tmp_path / "kept"
    program = tmp_path / PROGRAM
    program.write_text(
        f'#!/bin/sh\nfor one in "$@"; do printf "%s\\n" "$one"; done >>{kept}\ncase "$4$2" in *9*) exit 1;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return kept


def test_each_number_gets_it_with_the_page_to_answer_on(outbox: Path) -> None:
    channel = Sms({"operator": ["+33601", "0602"]}, render, FakeClock(), public_url="https://safe.example")
    [receipt] = channel.send(NOTICE)
    assert receipt.outcome == "sent"
    lines = outbox.read_text().splitlines()
    assert lines.count("TEXT") == 2
    assert {"+33601", "0602"} <= set(lines)
    words = next(line for line in lines if line.startswith("Porte"))
    assert words.endswith(f"https://safe.example/a/{NOTICE.id}")
    assert "\n" not in words


def test_long_words_are_cut_and_the_link_stays(outbox: Path) -> None:
    channel = Sms({"operator": ["+33601"]}, render, FakeClock(), public_url="https://safe.example")
    channel.send(msgspec.structs.replace(NOTICE, title=Text("x" * 500)))
    words = outbox.read_text().splitlines()[-1]
    assert len(words) == LENGTH
    assert words.endswith(NOTICE.id)


def test_refused_by_the_outbox_or_nobody_known(outbox: Path) -> None:
    [receipt] = Sms({"operator": ["+33609"]}, render, FakeClock()).send(NOTICE)
    assert receipt.outcome == "failed"
    [receipt] = Sms({}, render, FakeClock()).send(NOTICE)
    assert receipt.outcome == "nobody"


def test_without_the_program_it_fails_and_does_not_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    [receipt] = Sms({"operator": ["+33601"]}, render, FakeClock()).send(NOTICE)
    assert receipt.outcome == "failed"


def test_what_is_no_number_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="number"):
        Sms({"operator": ["-c evil"]}, render, FakeClock())
