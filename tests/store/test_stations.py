"""The inventory's memory: first and last times only widen, repeats change nothing, old and too many rows go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safecare.model.events.network import IdentitySeen
from safecare.store import stations
from safecare.store.database import Database
from safecare.testing.made import made, moment


def event(second: float, ip: str = "10.1.40.20", value: str = "aa") -> IdentitySeen:
    return made(IdentitySeen, second, ip=ip, system="mac", value=value)


def laid(database: Database, *events: IdentitySeen) -> None:
    with database.writing() as connection:
        stations.remember(connection, events)


def test_times_widen_and_repeats_change_nothing(database: Database) -> None:
    for _ in range(2):
        laid(database, event(60), event(30), event(90))
        laid(database, event(10))
    [one] = stations.said(database)
    assert (one.ip, one.value, one.first, one.last) == ("10.1.40.20", "aa", moment(10), moment(90))


def test_old_rows_go_and_of_too_many_the_oldest(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    laid(database, *(event(second, value=str(second)) for second in range(700)))
    assert stations.forget(database, moment(0)) == 0
    monkeypatch.setattr(stations, "MOST", 600)
    assert stations.forget(database, moment(0)) == 99
    assert stations.forget(database, moment(0) + stations.KEPT + timedelta(days=1)) == 601
    assert stations.said(database) == []
