"""Alerts remembered: bounded, the least used first out, the same after a restore."""

from __future__ import annotations

from safecare.cascade.memory import AlertMemory
from safecare.testing.cascade import raised


def test_the_least_used_is_forgotten_first() -> None:
    memory = AlertMemory(most=2)
    one, two, three = (raised("power.lost", minute, assets=("board.north",)) for minute in range(3))
    memory.keep(one)
    memory.keep(two)
    assert memory.find([one.id]) == [one]
    memory.keep(three)
    assert memory.find([one.id, two.id, three.id]) == [one, three]


def test_restored_is_what_was_kept() -> None:
    memory, again = AlertMemory(), AlertMemory()
    alerts = [raised("power.lost", minute, assets=("board.north",)) for minute in range(5)]
    for alert in alerts:
        memory.keep(alert)
    again.restore(memory.snapshot())
    assert again.find([alert.id for alert in alerts]) == alerts
    assert again.snapshot() == memory.snapshot()
