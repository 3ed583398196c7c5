"""Signing in again: one-time codes, backup codes and passkeys; nobody by guessing, nothing twice."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import UTC, datetime

import httpx
import pytest
from console_rig import Rig
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from safecare.console import totp
from safecare.console.access import TRIES
from safecare.model.events.acts import SignedIn
from safecare.notify.webpush import decode64, encode64

pytest_plugins = ["console_fixtures"]

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_the_codes_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.code(SECRET, totp.step_of(at)) == code
    step = totp.matching(SECRET, code, at, None)
    assert step is not None
    assert totp.matching(SECRET, code, at, step) is None
    assert totp.matching(SECRET, "000000", at, None) is None


def named_user(rig: Rig, name: str = "Paul Durand", role: str = "operator") -> tuple[str, str]:
    """Return the id and a session of a person called `name`."""
    user = rig.accounts.add(name, role)
    opened = rig.accounts.open(user)
    assert opened is not None
    return user, opened.cookie


def browser(rig: Rig, cookie: str = "", base: str = "http://safecare.test") -> httpx.AsyncClient:
    cookies = {"safecare_session": cookie} if cookie else {}
    transport = httpx.ASGITransport(app=rig.app)
    return httpx.AsyncClient(transport=transport, base_url=base, cookies=cookies, headers={"X-Safecare": "1"})


async def enrolled(rig: Rig) -> bytes:
    _, cookie = named_user(rig)
    async with browser(rig, cookie) as desk:
        begun = (await desk.post("/api/access/totp")).json()
        assert begun["address"].startswith("otpauth://totp/Safecare")
        assert len(begun["picture"]) == len(begun["picture"][0])
        key = base64.b32decode(begun["key"])
        assert (await desk.post("/api/access/totp/confirm", json={"code": "000000"})).status_code == 422
        code = totp.code(key, totp.step_of(rig.clock.now()))
        assert (await desk.post("/api/access/totp/confirm", json={"code": code})).status_code == 201
        assert (await desk.get("/api/access")).json()["totp"]
    return bytes(key)


async def by_code(rig: Rig, name: str, code: str) -> httpx.Response:
    async with browser(rig) as stranger:
        return await stranger.post("/sign-in", data={"name": name, "code": code})


async def test_a_one_time_code_signs_in_once(rig: Rig) -> None:
    key = await enrolled(rig)
    rig.clock.advance(60)
    code = totp.code(key, totp.step_of(rig.clock.now()))
    answer = await by_code(rig, "Paul Durand", code)
    assert answer.status_code == 303
    assert "safecare_session" in answer.headers["set-cookie"]
    assert (await by_code(rig, "Paul Durand", code)).status_code == 401
    assert [one.change for one in rig.acts() if isinstance(one, SignedIn)] == ["way_added", "signed_in"]


async def test_guessing_closes_codes_until_the_owner_signs_in_in_another_way(rig: Rig) -> None:
    key = await enrolled(rig)
    user = rig.accounts.users()[0].id
    [backup, *_] = rig.credentials.make_backup_codes(user)
    rig.clock.advance(60)
    for _ in range(TRIES):
        assert (await by_code(rig, "Paul Durand", "123456")).status_code == 401
    good = totp.code(key, totp.step_of(rig.clock.now()))
    assert (await by_code(rig, "Paul Durand", good)).status_code == 401
    assert (await by_code(rig, "", backup.upper())).status_code == 303
    assert (await by_code(rig, "Paul Durand", good)).status_code == 303


async def test_each_backup_code_is_good_once_and_a_new_set_ends_the_old(rig: Rig) -> None:
    _, cookie = named_user(rig)
    async with browser(rig, cookie) as desk:
        codes = (await desk.post("/api/access/backup")).json()["codes"]
        assert len(set(codes)) == 10
        assert (await by_code(rig, "", codes[0])).status_code == 303
        assert (await by_code(rig, "", codes[0])).status_code == 401
        assert (await desk.get("/api/access")).json()["backup_left"] == 9
        await desk.post("/api/access/backup")
        assert (await by_code(rig, "", codes[1])).status_code == 401


async def test_a_person_without_access_can_not_come_back(rig: Rig) -> None:
    user, _ = named_user(rig)
    codes = rig.credentials.make_backup_codes(user)
    rig.accounts.revoke(user)
    assert (await by_code(rig, "", codes[0])).status_code == 401


async def test_a_foreign_page_can_not_sign_somebody_in(rig: Rig) -> None:
    async with browser(rig) as stranger:
        headers = {"Origin": "https://evil.example"}
        assert (await stranger.post("/sign-in", data={"code": "x"}, headers=headers)).status_code == 403


class Authenticator:
    """A passkey as a phone would make and use it."""

    def __init__(self, party: str, origin: str) -> None:
        self.key, self.id, self.count = ec.generate_private_key(ec.SECP256R1()), os.urandom(16), 0
        self.party, self.origin = party, origin

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def make(self, challenge: str) -> dict[str, object]:
        import cbor2

        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        held = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(0x45) + held})
        client = self._client("webauthn.create", challenge)
        response = {"clientDataJSON": encode64(client), "attestationObject": encode64(attested)}
        return self._whole(response)

    def sign(self, challenge: str, flags: int = 0x05) -> dict[str, object]:
        self.count += 1
        client, data = self._client("webauthn.get", challenge), self._data(flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": encode64(client),
            "authenticatorData": encode64(data),
            "signature": encode64(signature),
        }
        return self._whole(response)

    def _whole(self, response: dict[str, str]) -> dict[str, object]:
        id = encode64(self.id)
        return {"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {}}


HOME = "http://localhost"


async def with_passkey(rig: Rig) -> Authenticator:
    _, cookie = named_user(rig)
    device = Authenticator("localhost", HOME)
    async with browser(rig, cookie, HOME) as desk:
        desk.headers["Origin"] = HOME
        begun = (await desk.post("/api/passkeys/begin")).json()
        assert begun["options"]["authenticatorSelection"]["userVerification"] == "required"
        made = device.make(begun["options"]["challenge"])
        body = {"ceremony": begun["ceremony"], "credential": made, "name": "Phone"}
        assert (await desk.post("/api/passkeys", json=body)).status_code == 201
        assert (await desk.post("/api/passkeys", json=body)).status_code == 409  # a challenge is good once
        assert [one["name"] for one in (await desk.get("/api/access")).json()["passkeys"]] == ["Phone"]
    return device


async def sign_in(rig: Rig, device: Authenticator, **more: object) -> httpx.Response:
    async with browser(rig, base=HOME) as stranger:
        stranger.headers["Origin"] = HOME
        begun = (await stranger.post("/api/sign-in/begin")).json()
        signed = device.sign(begun["options"]["challenge"], **more)  # type: ignore[arg-type]
        return await stranger.post("/api/sign-in", json={"ceremony": begun["ceremony"], "credential": signed})


async def test_a_passkey_signs_in(rig: Rig) -> None:
    device = await with_passkey(rig)
    answer = await sign_in(rig, device)
    assert answer.status_code == 200
    assert answer.json() == {"role": "operator"}
    assert "HttpOnly" in answer.headers["set-cookie"]


async def test_a_passkey_of_somebody_else_an_old_count_or_no_lock_is_refused(rig: Rig) -> None:
    device = await with_passkey(rig)
    assert (await sign_in(rig, Authenticator("localhost", HOME))).status_code == 401
    assert (await sign_in(rig, device, flags=0x01)).status_code == 401  # nobody unlocked the phone
    assert (await sign_in(rig, device)).status_code == 200
    device.count = 0
    assert (await sign_in(rig, device)).status_code == 401  # a copy of the key would count anew
    device.count, device.origin = 10, "https://evil.example"
    assert (await sign_in(rig, device)).status_code == 401


async def test_passkeys_need_a_safe_address(rig: Rig) -> None:
    async with browser(rig, base="http://10.0.0.1:8440") as stranger:
        stranger.headers["Origin"] = "http://10.0.0.1:8440"
        assert (await stranger.post("/api/sign-in/begin")).status_code == 409


def test_base64url_is_read_strictly() -> None:
    assert decode64("AQ") == b"\x01"
    with pytest.raises(ValueError):
        decode64("A!")
