"""Labelled attacks on a plant: every malicious packet is told, no other, and the forged command is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from safecare.app.network import Captures, Judged
from safecare.formats.baseline import read_baseline, write_baseline
from safecare.locale.catalogue import Catalogue
from safecare.model.hospital import Hospital
from safecare.testing.captures import Wire
from safecare.testing.process_attacks import ATTACKS, CONTROLLERS, plant

LEARN = timedelta(seconds=30)


def judged(wire: Wire, hospital: Hospital | None = None, learn: timedelta = LEARN) -> list[Judged]:
    return Captures(hospital or Hospital.empty(), learn).judge(Path("plant.pcap"), wire.pcap())[0]


def told(alerts: list[Judged]) -> set[int]:
    return set().union(*(one.frames for one in alerts)) if alerts else set()


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(("stays", "middle"), [(True, True), (False, False)])
def test_after_half_a_minute_of_learning_exactly_the_malicious_packets_are_told(
    attack: str, *, stays: bool, middle: bool
) -> None:
    wire = plant(5, attack, stays=stays, middle=middle)
    assert told(judged(wire)) == wire.bad


@pytest.mark.parametrize(("stays", "middle"), [(True, False), (False, True)])
def test_polls_commands_of_the_master_and_what_windows_calls_to_all_are_quiet(*, stays: bool, middle: bool) -> None:
    for seed in range(6, 9):
        assert judged(plant(seed, stays=stays, middle=middle)) == []
        assert judged(plant(seed, stays=stays, middle=middle), learn=timedelta(0)) == []


@pytest.mark.parametrize("learn", [30, 0])
def test_the_forged_command_is_named_with_and_without_learning(learn: int) -> None:
    wire = plant(5, "forged command")
    found = [one for one in judged(wire, learn=timedelta(seconds=learn)) if "non-master" in one.alert.rule]
    assert [one.frames for one in found] == [wire.bad]
    title = Catalogue.load().render(found[0].alert.title, "en", Hospital.empty())
    assert title == f"Write command from {CONTROLLERS[2]}, which is no master of {CONTROLLERS[4]}"


def test_a_command_before_anybody_is_known_as_master_is_told_once_there_is_one() -> None:
    def named(seconds: int) -> tuple[list[set[int]], set[int]]:
        wire = plant(5, "forged command", seconds=seconds, every=1)
        alerts = judged(wire, learn=timedelta(0))
        return [one.frames for one in alerts if one.alert.rule == "network.write-from-non-master"], wire.bad

    assert named(14)[0] == []
    early, bad = named(30)
    assert early == [bad]


def test_what_was_learned_of_one_capture_holds_for_others_also_from_its_file() -> None:
    quiet = Captures(Hospital.empty(), LEARN)
    assert quiet.judge(Path("quiet.pcap"), plant(5).pcap())[0] == []
    attack = plant(6, "exploit and way back", stays=False)
    assert told(quiet.judge(Path("attack.pcap"), attack.pcap())[0]) == attack.bad
    learned = read_baseline(write_baseline(quiet.learner.baseline("quiet.pcap, its first 30 s")))
    frozen = msgspec.structs.replace(Hospital.empty(), network=learned)
    for attack_name in ("forged command", "characterisation", "moved files"):
        wire = plant(7, attack_name, middle=True)
        assert told(judged(wire, frozen, timedelta(0))) == wire.bad


def test_a_reviewed_list_of_commands_binds_the_master_too() -> None:
    learner = Captures(Hospital.empty(), LEARN)
    learner.judge(Path("quiet.pcap"), plant(5).pcap())
    learned = msgspec.structs.replace(learner.learner.baseline("quiet.pcap"), reviewed_by="a person")
    frozen = msgspec.structs.replace(Hospital.empty(), network=learned)
    assert {one.alert.rule for one in judged(plant(5), frozen, timedelta(0))} == {"network.command"}
