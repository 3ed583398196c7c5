"""ARC chains, the expiry of signatures and their open ends (RFC 8617, RFC 6376), sealed with keys of our own."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.mail import examine, read_mail
from safecare.formats.mail_auth import Query, Reply
from safecare.formats.mail_auth.arc import MOST_SETS, chain_of, verified
from safecare.formats.mail_auth.check import checked
from safecare.formats.mail_auth.dkim import Message, relaxed_field, verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RECORD = (
    "v=DKIM1; k=ed25519; p=" + base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
)
MAIL = b"From: Anne <anne@a.example>\r\nTo: list@l.example\r\nSubject: shifts\r\n\r\nSee the rota.\r\n"
FOUND = "mx.l.example; spf=pass smtp.mailfrom=a.example; dkim=pass header.d=a.example; dmarc=pass header.from=a.example"
REJECT = Reply(("v=DMARC1; p=reject",))


def signed(data: bytes) -> str:
    return base64.b64encode(KEY.sign(hashlib.sha256(data).digest())).decode()


def signature(raw: bytes, name: str, told: str, names: str = "from:subject") -> bytes:
    """Return a field `name` that signs the mail `raw`, in the relaxed way."""
    message = Message.read(raw)
    digest = base64.b64encode(hashlib.sha256(message.body).digest()).decode()
    field = f"{name}: a=ed25519-sha256; c=relaxed/simple; h={names}; bh={digest}; {told}; b=\r\n".encode()
    last = dict(message.fields)
    head = b"".join(relaxed_field(last[one.encode()]) for one in names.split(":"))
    return field[:-2] + signed(head + relaxed_field(field)[:-2]).encode() + b"\r\n"


def sealed(raw: bytes, number: int, by: str = "l.example", found: str = FOUND, cv: str = "") -> bytes:
    """Return `raw` with one more set on top."""
    cv = cv or ("none" if number == 1 else "pass")
    old = [one for _, one in sorted(fields_of(raw))]
    findings = f"ARC-Authentication-Results: i={number}; {found}\r\n".encode()
    of_mail = signature(raw, "ARC-Message-Signature", f"i={number}; d={by}; s=k")
    seal = f"ARC-Seal: i={number}; a=ed25519-sha256; cv={cv}; d={by}; s=k; b=\r\n".encode()
    data = b"".join(map(relaxed_field, [*old, findings, of_mail, seal]))[:-2]
    return findings + of_mail + seal[:-2] + signed(data).encode() + b"\r\n" + raw


def fields_of(raw: bytes) -> list[tuple[tuple[int, int], bytes]]:
    """Return the fields of all sets with their place in what a seal covers."""
    order = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")
    found = []
    for name, field in Message.read(raw).fields:
        if name in order:
            number = int(field.split(b"i=")[1][:1])
            found.append(((number, order.index(name)), field))
    return found


def result(raw: bytes, reply: Reply | None = None) -> str:
    message = Message.read(raw)
    chain = chain_of(message)
    return verified(message, chain, {one.key: reply or Reply((RECORD,)) for one in chain.queries})


def test_chains_of_one_and_three_pass() -> None:
    once = sealed(MAIL, 1)
    assert result(once) == "pass"
    twice = sealed(once, 2, "m.example")
    assert result(sealed(twice, 3, "n.example")) == "pass"
    assert chain_of(Message.read(twice)).sealers == {"l.example", "m.example"}
    assert [one.name for one in chain_of(Message.read(twice)).queries] == [
        "k._domainkey.l.example",
        "k._domainkey.m.example",
        "k._domainkey.m.example",
    ]


def test_what_a_list_changes_before_it_seals_again_is_its_own_affair() -> None:
    changed = sealed(MAIL, 1).replace(b"Subject: shifts", b"Subject: [list] shifts")
    assert result(changed) == "fail"
    assert result(sealed(changed, 2)) == "pass"


def test_no_chain_is_none_and_a_key_that_is_gone_proves_nothing() -> None:
    assert result(MAIL) == "none"
    assert result(sealed(MAIL, 1), Reply()) == "neutral"
    assert result(sealed(MAIL, 1), Reply(failed=True)) == "temperror"


ONE, TWO = sealed(MAIL, 1), sealed(sealed(MAIL, 1), 2)
BROKEN = {
    "text": ONE.replace(b"rota", b"r0ta"),
    "findings": ONE.replace(b"dmarc=pass", b"dmarc=fail"),
    "older findings": TWO[:300] + TWO[300:].replace(b"spf=pass", b"spf=fail"),
    "a set left out": TWO.replace(b"ARC-Seal: i=1", b"X-Seal: i=1"),
    "a set twice": ONE[: ONE.index(b"From:")] + ONE,
    "a number missing": ONE.replace(b"i=1", b"i=2"),
    "the last says broken": sealed(ONE, 2, cv="fail"),
    "the first says checked": sealed(MAIL, 1, cv="pass"),
    "no instance": ONE.replace(b"i=1;", b"i=x;"),
    "a host that is none": ONE.replace(b"d=l.example", b"d=l/../x"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_chain_fails(name: str) -> None:
    assert result(BROKEN[name]) == "fail"


def test_a_chain_too_long_to_check_is_none() -> None:
    raw = MAIL
    for number in range(1, MOST_SETS + 2):
        raw = b"ARC-Authentication-Results: i=%d; x\r\n" % number + raw
    assert chain_of(Message.read(raw)).queries == ()
    assert result(raw) == "none"


def answers(raw: bytes, sealers: tuple[str, ...]) -> str:
    """Return what is told of a mail that was passed on: its delivering host may not send for its sender."""
    known = {"TXT _dmarc.a.example": REJECT}
    for _ in range(3):
        found = checked(raw, "fail a.example", known, sealers)
        if not found.wanted:
            return found.results
        known |= {one.key: Reply((RECORD,)) if "_domainkey" in one.name else Reply() for one in found.wanted}
    raise AssertionError("asks for ever")


def test_seals_of_those_whom_the_site_believes_stand_in_for_what_passing_on_breaks() -> None:
    assert answers(ONE, ()) == (
        "safecare; spf=fail smtp.mailfrom=a.example; arc=pass header.d=l.example; dmarc=fail header.from=a.example"
    )
    assert answers(ONE, ("l.example",)) == (
        "safecare; arc=pass header.d=l.example; dmarc=pass header.from=a.example policy.arc=pass"
    )
    told = read_mail(ONE, checked=answers(ONE, ("l.example",))).facts
    assert {"mail.auth.arc.pass", "mail.auth.dmarc.pass"} <= told
    assert not any(one.endswith(".fail") for one in told)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (BROKEN["text"], "changed"),
        (sealed(ONE, 2, "stranger.example"), "one of the sealers is not believed"),
        (sealed(MAIL, 1, found="mx; dmarc=fail header.from=a.example"), "the first had doubts"),
        (sealed(MAIL, 1, found="mx; dmarc=pass header.from=other.example"), "another sender was found good"),
        (MAIL, "no chain"),
    ],
)
def test_seals_help_nobody_else(raw: bytes, why: str) -> None:
    assert "dmarc=fail" in answers(raw, ("l.example",)), why


def dkim(told: str, at: int = 0, raw: bytes = MAIL, added: bytes = b"") -> str:
    message = Message.read(signature(raw, "DKIM-Signature", f"v=1; d=a.example; s=k{told}") + raw + added)
    return verify(message, message.signatures()[0], Reply((RECORD,)), at)


def test_a_signature_that_had_expired_proves_nothing() -> None:
    assert dkim("; t=1000; x=2000", 1999) == dkim("; t=1000; x=2000", 2000) == dkim("; x=2000") == "pass"
    assert dkim("; t=1000; x=2000", 2001) == dkim("; t=3000; x=2000") == "neutral"
    assert dkim("; x=soon", 5) == dkim("; x=" + "9" * 5000, 5) == "pass"


def test_an_open_end_is_told_and_vouches_for_nobody() -> None:
    size = len(b"See the rota.\r\n")
    assert dkim(f"; l={size}") == "pass"
    assert dkim(f"; l={size}", added=b"Click here.\r\n") == "policy"
    assert dkim("", added=b"Click here.\r\n") == "fail"
    raw = b"Authentication-Results: mx; dkim=policy header.d=a.example\r\n" + MAIL
    assert "mail.auth.dkim.open" in examine(raw).facts
    assert "mail.auth.dkim.pass" not in examine(raw).facts


_FIELD = st.sampled_from([one for _, one in fields_of(TWO)])


@given(st.lists(st.one_of(_FIELD, st.binary(max_size=80)), max_size=12))
def test_whatever_stands_in_a_header_is_a_chain_or_none(fields: list[bytes]) -> None:
    message = Message.read(b"\r\n".join(fields) + b"\r\n" + MAIL)
    chain = chain_of(message)
    assert len(chain.sets) <= MOST_SETS
    assert len(chain.queries) <= MOST_SETS + 1
    assert all(isinstance(one, Query) for one in chain.queries)
    known = {one.key: Reply((RECORD,)) for one in chain.queries}
    assert verified(message, chain, known) in ("none", "pass", "fail", "neutral")
