"""The daily check of silent phones."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from push_service import House, Service, notice

from safecare.notify.check import AT, PhoneCheck, silent

pytest_plugins = ["push_fixtures"]


def test_every_phone_is_asked_once_a_day_and_answers(tmp_path: Path, service: Service) -> None:
    house = House(tmp_path, service)
    user, _, phone = house.phone("guard")
    check = PhoneCheck(house.devices, house.channel.pusher, house.channel.speak, house.clock, "Europe/Paris")
    house.clock.advance(24 * 3600)
    sent = check.step()
    assert sent == 1
    assert check.step() == 0
    [one] = house.devices.of(user)
    assert not silent(one, house.clock.now())
    told = json.loads(phone.read(service.got[0][2]))["notification"]
    assert told["silent"] is True
    assert house.devices.hear(told["data"]["proof"])
    house.clock.advance(3700)
    [one] = house.devices.of(user)
    assert not silent(one, house.clock.now())
    house.clock.advance(24 * 3600)
    assert check.step() == 1
    house.clock.advance(3700)
    [one] = house.devices.of(user)
    assert silent(one, house.clock.now())


def test_a_restart_does_not_ask_again_and_the_night_asks_nobody(tmp_path: Path, service: Service) -> None:
    house = House(tmp_path, service)
    house.phone("guard")

    def check() -> PhoneCheck:
        return PhoneCheck(house.devices, house.channel.pusher, house.channel.speak, house.clock, "UTC")

    now = house.clock.now()
    seven = now.replace(hour=AT.hour, minute=AT.minute) + timedelta(days=1)
    house.clock.advance((seven - now).total_seconds() - 60)
    assert check().step() == 0
    house.clock.advance(61)
    assert check().step() == 1
    assert check().step() == 0


def test_a_wrong_proof_is_none_and_a_phone_that_is_gone_is_silent(tmp_path: Path, service: Service) -> None:
    house = House(tmp_path, service)
    user, _, _ = house.phone("guard")
    assert not house.devices.hear("x")
    service.answers = [410]
    house.channel.send(notice())
    [one] = house.devices.of(user)
    assert silent(one, house.clock.now())
