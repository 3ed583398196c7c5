"""Notices to registered phones (`safecare.notify.channels.webpush`): whom they reach, and what they do not say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from push_service import House, Service, notice

from safecare.model.text import say

pytest_plugins = ["push_fixtures"]


@pytest.fixture
def house(tmp_path: Path, service: Service) -> House:
    return House(tmp_path, service)


def test_a_notice_reaches_the_phones_of_its_role_and_site_in_their_language(house: House) -> None:
    guard, _, english = house.phone("guard")
    _, _, french = house.phone("guard", "aurore", "fr")
    house.phone("guard", "elsewhere")
    house.phone("ciso")
    [receipt] = house.send()
    assert receipt.outcome == "sent"
    got = {path: body for path, _, body in house.service.got}
    assert len(got) == 2
    told = json.loads(english.read(got.pop(f"/{guard}")))
    assert told["web_push"] == 8030
    shown = told["notification"]
    assert shown["title"].startswith("Door forced")
    assert shown["navigate"] == f"https://safe.example/guard?notice={notice().id}"
    assert (shown["tag"], shown["lang"], shown["silent"]) == (notice().id, "en", False)
    [body] = got.values()
    assert json.loads(french.read(body))["notification"]["lang"] == "fr"


def test_a_repeat_has_the_same_tag_and_topic(house: House) -> None:
    _, _, phone = house.phone("guard")
    house.send()
    house.send(revision=2, severity=95)
    (_, first, one), (_, second, two) = house.service.got
    assert first["topic"] == second["topic"]
    tags = [json.loads(phone.read(body))["notification"]["tag"] for body in (one, two)]
    assert tags[0] == tags[1]


def test_nobody_registered_is_said(house: House) -> None:
    [receipt] = house.send()
    assert receipt.outcome == "nobody"
    assert receipt.reason is not None
    assert "registered" in receipt.reason.key


def test_a_phone_that_is_gone_is_not_tried_again(house: House) -> None:
    house.phone("guard")
    house.service.answers = [410]
    [receipt] = house.send()
    assert receipt.outcome == "failed"
    house.send()
    assert len(house.service.got) == 1


def test_one_of_two_phones_is_enough(house: House) -> None:
    house.phone("guard")
    house.phone("guard")
    house.service.answers = [500, 201]
    assert [one.outcome for one in house.send()] == ["sent"]


def test_roles_that_nobody_signs_in_with_reach_the_desk_and_a_revoked_user_nothing(house: House) -> None:
    user, _, _ = house.phone("operator")
    assert [one.outcome for one in house.send(role="shift_leader")] == ["sent"]
    house.accounts.revoke(user)
    assert [one.outcome for one in house.send(role="shift_leader")] == ["nobody"]


def test_a_notice_to_one_user(house: House) -> None:
    user, _, _ = house.phone("guard")
    house.phone("guard")
    house.send(user=user)
    assert [path for path, _, _ in house.service.got] == [f"/{user}"]


def test_a_long_notice_still_fits(house: House) -> None:
    _, _, phone = house.phone("guard")
    [receipt] = house.send(title=say("é" * 5000), body=say("ü" * 5000))
    assert receipt.outcome == "sent"
    assert len(json.loads(phone.read(house.service.got[0][2]))["notification"]["body"]) == 400
