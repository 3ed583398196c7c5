"""Push messages: encryption against the example of the RFC and an independent decoder, and what leaves the house."""

from __future__ import annotations

import json
import os

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from push_service import Phone, Service

from safecare.notify.webpush import (
    MOST,
    SERVICES,
    Pusher,
    PushError,
    decode64,
    encode64,
    encrypt,
    key_from,
    public_bytes,
    token,
    trusted,
)
from safecare.testing.clock import START

pytest_plugins = ["push_fixtures"]


def test_the_example_of_rfc_8291() -> None:
    sender = ec.derive_private_key(
        int.from_bytes(decode64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), ec.SECP256R1()
    )
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        decode64("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        decode64("BTBZMqHH6r4Tts7J_aSIgg"),
        salt=decode64("DGv6ra1nlYgDCS1FRnbzlw"),
        sender=sender,
    )
    assert encode64(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_y"
        "l95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize("length", [0, 1, 500, MOST])
def test_an_independent_decoder_reads_it(length: int) -> None:
    phone, message = Phone(), os.urandom(length)
    assert phone.read(encrypt(message, public_bytes(phone.key), phone.auth)) == message


def test_too_long_a_message_and_a_bad_key_are_told() -> None:
    phone = Phone()
    with pytest.raises(ValueError, match="push message"):
        encrypt(b"x" * (MOST + 1), public_bytes(phone.key), phone.auth)
    with pytest.raises(ValueError, match="key"):
        encrypt(b"x", b"\x04" + b"\x01" * 64, phone.auth)


def test_the_token_says_who_sends_and_is_signed() -> None:
    key = key_from(b"site")
    signed, _, signature = token("https://push.example:8443/a/b", "mailto:a@b.example", key, START).rpartition(".")
    claims = json.loads(decode64(signed.split(".")[1]))
    assert claims["aud"] == "https://push.example:8443"
    assert claims["sub"] == "mailto:a@b.example"
    assert 0 < claims["exp"] - START.timestamp() <= 86400
    raw = decode64(signature)
    whole = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.public_key().verify(whole, signed.encode(), ec.ECDSA(hashes.SHA256()))


def test_the_same_site_has_the_same_key_and_another_one_another() -> None:
    assert public_bytes(key_from(b"a")) == public_bytes(key_from(b"a"))
    assert public_bytes(key_from(b"a")) != public_bytes(key_from(b"b"))


@pytest.mark.parametrize(
    ("endpoint", "good"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/x", True),
        ("https://web.push.apple.com/x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evil.example/?https://web.push.apple.com", False),
        ("https://user@fcm.googleapis.com/x", False),
        ("https://127.0.0.1/x", False),
        ("https://fcm.googleapis.com:22/x", False),
        ("file:///etc/passwd", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_only_push_services_are_sent_to(endpoint: str, good: bool) -> None:
    assert trusted(endpoint, SERVICES) is good


def test_a_message_on_the_wire(service: Service) -> None:
    phone, key = Phone(), key_from(b"site")
    pusher = Pusher(key, "mailto:a@b.example", (service.url,))
    public = encode64(public_bytes(phone.key))
    pusher.send(f"{service.url}/to/1?x=2", public, encode64(phone.auth), b"hello", START, life=60, topic="t")
    path, headers, body = service.got[0]
    assert path == "/to/1?x=2"
    assert (headers["ttl"], headers["urgency"], headers["topic"]) == ("60", "high", "t")
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].startswith("vapid t=")
    assert headers["authorization"].endswith(f"k={encode64(public_bytes(key))}")
    assert phone.read(body) == b"hello"


@pytest.mark.parametrize(("status", "gone"), [(410, True), (404, True), (429, False), (500, False)])
def test_refusals_are_told(service: Service, status: int, gone: bool) -> None:
    service.answers = [status]
    phone = Phone()
    pusher = Pusher(key_from(b"site"), "mailto:a@b.example", (service.url,))
    with pytest.raises(PushError) as caught:
        pusher.send(f"{service.url}/1", encode64(public_bytes(phone.key)), encode64(phone.auth), b"x", START, life=60)
    assert caught.value.gone is gone


def test_nobody_there() -> None:
    phone = Phone()
    pusher = Pusher(key_from(b"site"), "mailto:a@b.example", ("http://127.0.0.1:9",))
    with pytest.raises(PushError, match="reached"):
        pusher.send(
            "http://127.0.0.1:9/1", encode64(public_bytes(phone.key)), encode64(phone.auth), b"x", START, life=1
        )
