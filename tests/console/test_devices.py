"""Phones: registering, testing, answering a check; never for somebody else, never to any address."""

from __future__ import annotations

import json
from pathlib import Path

import http_ece
import pytest
from console_rig import TOKEN, Rig
from cryptography.hazmat.primitives.asymmetric import ec

from safecare.notify.webpush import Pusher, encode64, key_from, public_bytes

pytest_plugins = ["console_fixtures"]

KEY, AUTH = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"


class Kept(Pusher):
    """A pusher whose messages stay here."""

    sent: list[bytes]

    def _post(self, endpoint: str, headers: dict[str, str], body: bytes) -> int:
        self.sent.append(http_ece.decrypt(body, private_key=KEY, auth_secret=AUTH, version="aes128gcm"))
        return 201


@pytest.fixture
def kept() -> Kept:
    pusher = Kept(key_from(b"site"), "mailto:a@b.example", ("https://push.example",))
    object.__setattr__(pusher, "sent", [])
    return pusher


@pytest.fixture
def push_rig(tmp_path: Path, kept: Kept) -> Rig:
    return Rig(tmp_path, pusher=kept)


def subscription(**more: str) -> dict[str, str]:
    made = {"endpoint": "https://push.example/1", "key": encode64(public_bytes(KEY)), "auth": encode64(AUTH)}
    return {**made, **more}


async def test_a_phone_is_registered_tested_and_answers(push_rig: Rig, kept: Kept) -> None:
    async with push_rig.browser("guard") as phone, push_rig.browser() as worker:
        assert (await phone.get("/api/devices")).json()["key"] == encode64(public_bytes(kept.key))
        assert (await phone.post("/api/devices", json=subscription())).status_code == 201
        assert (await phone.post("/api/devices/test")).json() == {"asked": 1, "taken": 1}
        told = json.loads(kept.sent[0])["notification"]
        assert told["title"] == "Test: this phone gets notices"
        [one] = (await phone.get("/api/devices")).json()["devices"]
        assert one["heard"] is None
        assert not {"endpoint", "key", "auth"} & set(one)
        proof = {"proof": told["data"]["proof"]}
        assert (await worker.post("/api/devices/heard", json=proof)).status_code == 200
        [one] = (await phone.get("/api/devices")).json()["devices"]
        assert one["heard"] is not None
        assert not one["silent"]
        assert (await worker.post("/api/devices/heard", json={"proof": "wrong"})).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "https://evil.example/1"},
        {"endpoint": "http://127.0.0.1:8440/"},
        {"key": encode64(b"x" * 66)},
        {"key": "=" * 90},
        {"auth": encode64(b"x" * 15)},
    ],
)
async def test_what_is_no_subscription_is_refused(push_rig: Rig, wrong: dict[str, str]) -> None:
    async with push_rig.browser("guard") as phone:
        assert (await phone.post("/api/devices", json=subscription(**wrong))).status_code == 422


async def test_a_phone_belongs_to_its_owner(push_rig: Rig) -> None:
    async with push_rig.browser("guard") as mine, push_rig.browser("guard") as other:
        id = (await mine.post("/api/devices", json=subscription())).json()["id"]
        assert (await other.post(f"/api/devices/{id}/remove")).status_code == 404
        assert (await other.get("/api/devices")).json()["devices"] == []
        assert (await mine.post(f"/api/devices/{id}/remove")).status_code == 200
        assert (await mine.get("/api/devices")).json()["devices"] == []


async def test_without_push_it_is_said(rig: Rig) -> None:
    async with rig.browser("guard") as phone:
        assert (await phone.get("/api/devices")).json()["key"] == ""
        assert (await phone.post("/api/devices", json=subscription())).status_code == 422
        assert (await phone.post("/api/devices/test")).status_code == 409


async def test_the_local_token_has_no_phone(push_rig: Rig) -> None:
    async with push_rig.browser(Authorization=f"Bearer {TOKEN}") as machine:
        assert (await machine.post("/api/devices", json=subscription())).status_code == 409
