"""The fuzzer finds what breaks a parser; no parser of ours breaks in a short run; what once broke one is kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from safecare.testing.fuzz import bend, fuzz, main
from safecare.testing.fuzz_seeds import TARGETS
from safecare.testing.fuzz_target import Target

BY_NAME = {one.name: one for one in TARGETS}


def _weak(raw: bytes) -> None:
    if raw[:1] == b"B":
        raise ZeroDivisionError


def test_a_fault_is_found_and_told_by_its_place() -> None:
    weak = Target("weak", _weak, (b"A" * 40,))
    outcome = fuzz([weak], 2.0, 1, lambda _: None)
    [(name, raw)] = outcome.faults.items()
    assert name.startswith("weak ZeroDivisionError test_fuzz.py:")
    assert raw[:1] == b"B"
    assert outcome.inputs["weak"] > 1000


@pytest.mark.slow
def test_no_parser_of_ours_breaks_in_a_short_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "6", "--seed", "7", "--keep", str(tmp_path)]) == 0
    assert "0 faults" in capsys.readouterr().out


def test_a_seed_bends_alike() -> None:
    first, second = [[bend(b"abcdef" * 9, [b"xyz"], random.Random(seed)) for seed in range(50)] for _ in range(2)]
    assert first == second


@pytest.mark.parametrize("one", TARGETS, ids=[one.name for one in TARGETS])
def test_good_inputs_are_read_and_no_input_at_all_does_no_harm(one: Target) -> None:
    for raw in (*one.seeds, b""):
        try:
            one.read(raw)
        except one.refuses:
            assert raw == b"" or one.name == "netflow"  # a record that does not fit the template read before it


@pytest.mark.parametrize("name", ["eve", "wazuh", "baseline", "idmef"])
def test_letters_that_are_none_are_refused_as_everything_else(name: str) -> None:
    """What the first run found: JSON whose strings are no UTF-8 raised another error than the one declared."""
    target = BY_NAME[name]
    raw = target.seeds[0].replace(b'":"', b'":"\xff', 1)
    if name == "idmef":  # tells faults by line instead of raising
        target.read(raw)
        return
    with pytest.raises(target.refuses):
        target.read(raw)
