"""SPF, DKIM and DMARC as pure checks: examples of the standards, limits, and what is no evidence."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.mail_auth import Query, Reply, tags
from safecare.formats.mail_auth.check import checked
from safecare.formats.mail_auth.dkim import Message, verify
from safecare.formats.mail_auth.spf import check_host

ED_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
RSA_KEY = (
    "v=DKIM1; k=rsa; p="
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/"
    "byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)
SIGNED = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""
"""RFC 8463, appendix A.3."""
KEYS = {
    "TXT brisbane._domainkey.football.example.com": Reply((ED_KEY,)),
    "TXT test._domainkey.football.example.com": Reply((RSA_KEY,)),
    "TXT _dmarc.football.example.com": Reply(),
    "TXT _dmarc.example.com": Reply(("v=DMARC1; p=reject",)),
}
NOTHING = {key: Reply() for key in KEYS}


def verdicts(raw: bytes, ed: str = ED_KEY, rsa: str = RSA_KEY) -> list[str]:
    message = Message.read(raw)
    return [
        verify(message, one, Reply((key,) if key else ()))
        for one, key in zip(message.signatures(), (ed, rsa), strict=True)
    ]


def test_the_example_of_the_standard_is_verified() -> None:
    assert verdicts(SIGNED) == ["pass", "pass"]
    assert verdicts(SIGNED.replace(b"\n", b"\r\n")) == ["pass", "pass"]
    assert verdicts(SIGNED.replace(b"game.  Are", b"game. \t Are  ").replace(b"Joe.\n", b"Joe. \n\n\n")) == ["pass"] * 2


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"hungry", b"angry"), (b"Is dinner", b"Is lunch"), (b"From: Joe", b"From: Jim"), (b"i=@football", b"i=@other")],
)
def test_what_was_changed_fails(old: bytes, new: bytes) -> None:
    assert "pass" not in verdicts(SIGNED.replace(old, new))


def test_a_second_sender_put_above_is_noticed() -> None:
    assert verdicts(b"From: Boss <boss@football.example.com>\n" + SIGNED) == ["fail", "fail"]


def test_a_key_that_is_gone_revoked_or_weak_proves_nothing() -> None:
    weak = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKJ2lzDLZ8XlVambQfMXn3LRGKOD5o6lMIgulclWjZwP56LRqdg5"
    assert verdicts(SIGNED, "", "") == ["neutral", "neutral"]
    assert verdicts(SIGNED, "v=DKIM1; k=ed25519; p=", "v=DKIM1; p=") == ["neutral", "neutral"]
    assert verdicts(SIGNED, RSA_KEY, ED_KEY) == ["neutral", "neutral"]
    assert verdicts(SIGNED, "v=DKIM1; k=ed25519; p=%%%", weak)[1] in ("neutral", "fail")


def test_results_are_told_in_the_words_of_the_standard() -> None:
    first = checked(SIGNED, "", {})
    assert {one.key for one in first.wanted} == KEYS.keys()
    both = "dkim=pass header.d=football.example.com; dkim=pass header.d=football.example.com"
    assert checked(SIGNED, "", KEYS).results == f"safecare; {both}; dmarc=pass header.from=football.example.com"
    forged = SIGNED.replace(b"hungry", b"angry")
    assert "dmarc" not in checked(forged, "", KEYS).results  # who delivered it is not known
    assert checked(forged, "fail football.example.com", KEYS).results.endswith(
        "dmarc=fail header.from=football.example.com"
    )
    assert "dmarc=pass" in checked(forged, "pass bounce.example.com", KEYS).results
    strict = KEYS | {"TXT _dmarc.example.com": Reply(("v=DMARC1; p=none; aspf=s",))}
    assert "dmarc=fail" in checked(forged, "pass bounce.example.com", strict).results


def test_no_answer_is_no_evidence() -> None:
    assert checked(SIGNED, "temperror football.example.com", {key: Reply(failed=True) for key in KEYS}).results == ""
    assert checked(b"From: a@b.example\n\nx", "", {"TXT _dmarc.b.example": Reply()}).results == ""
    assert checked(b"no mail at all", "", {}).results == ""
    assert "dmarc" not in checked(SIGNED, "none football.example.com", NOTHING).results


def spf(
    records: Mapping[str, tuple[str, ...]], client: str = "192.0.2.1", sender: str = "a@b.example"
) -> tuple[str, int]:
    asking, asked = check_host(client, sender, "mx.b.example"), 0
    try:
        query: Query = next(asking)
        while True:
            asked += 1
            query = asking.send(
                Reply(failed=True) if records.get(query.key) == ("?",) else Reply(records.get(query.key, ()))
            )
    except StopIteration as done:
        return str(done.value), asked


@pytest.mark.parametrize(
    ("record", "more", "result"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", {}, "pass"),
        ("v=spf1 ip4:192.0.3.0/24 -all", {}, "fail"),
        ("v=spf1 ip6:2001:db8::/32 ~all", {}, "softfail"),
        ("v=spf1 ?all", {}, "neutral"),
        ("v=spf1", {}, "neutral"),
        ("v=spf10 -all", {}, "none"),
        ("v=spf1 a -all", {"A b.example": ("192.0.2.1",)}, "pass"),
        ("v=spf1 a:mail.%{d}/30 -all", {"A mail.b.example": ("192.0.2.2",)}, "pass"),
        ("v=spf1 a//64 -all", {"A b.example": ("192.0.2.2",)}, "fail"),
        ("v=spf1 mx -all", {"MX b.example": ("m.b.example",), "A m.b.example": ("192.0.2.1",)}, "pass"),
        ("v=spf1 include:i.example -all", {"TXT i.example": ("v=spf1 ip4:192.0.2.1 -all",)}, "pass"),
        ("v=spf1 include:i.example ~all", {"TXT i.example": ("v=spf1 -all",)}, "softfail"),
        ("v=spf1 include:i.example -all", {}, "permerror"),
        ("v=spf1 redirect=r.example", {"TXT r.example": ("v=spf1 -all",)}, "fail"),
        ("v=spf1 redirect=r.example", {}, "permerror"),
        ("v=spf1 exists:%{ir}.%{l1r-}.x.example -all", {"A 1.2.0.192.a.x.example": ("127.0.0.2",)}, "pass"),
        ("v=spf1 ptr exp=why.example -all", {}, "fail"),
        ("v=spf1 ip4:192.0.2.1/99 -all", {}, "permerror"),
        ("v=spf1 nonsense -all", {}, "permerror"),
        ("v=spf1 a:%{z} -all", {}, "permerror"),
        ("v=spf1 include:i.example -all", {"TXT i.example": ("?",)}, "temperror"),
        ("?", {}, "temperror"),
    ],
)
def test_spf(record: str, more: dict[str, tuple[str, ...]], result: str) -> None:
    assert spf({"TXT b.example": (record,), **more})[0] == result


def test_spf_is_bounded() -> None:
    loop = {"TXT b.example": ("v=spf1 include:b.example -all",)}
    assert spf(loop) == ("permerror", 11)
    many = " ".join(f"a:h{number}.example" for number in range(8))
    assert spf({"TXT b.example": (f"v=spf1 {many} -all",)}) == ("permerror", 4)  # the third name that is none
    hosts = {f"A h{number}.example": ("192.0.3.1",) for number in range(12)}
    assert (
        spf({"TXT b.example": (f"v=spf1 {' '.join(f'a:h{n}.example' for n in range(12))} -all",), **hosts})[0]
        == "permerror"
    )
    assert spf({"TXT b.example": ("v=spf1 -all", "v=spf1 +all")})[0] == "permerror"
    assert spf({}, sender="<>")[0] == "none"
    assert spf({}, client="no address")[0] == "none"
    assert spf({"TXT b.example": ("v=spf1 ip4:192.0.2.1 -all",)}, client="::ffff:192.0.2.1")[0] == "pass"


@given(st.binary(max_size=400), st.text(max_size=200))
def test_odd_bytes_raise_nothing(raw: bytes, text: str) -> None:
    message = Message.read(b"DKIM-Signature: v=1; a=rsa-sha256; b=x; bh=y; d=a.example; h=from; s=s;" + raw)
    for one in message.signatures():
        assert verify(message, one, Reply((text, RSA_KEY))) in ("fail", "neutral")
    tags(text)
    assert spf({"TXT b.example": (f"v=spf1 {text}",)})[0] in (
        "pass",
        "fail",
        "softfail",
        "neutral",
        "permerror",
        "none",
    )
    found = checked(raw, "pass a.example", {})
    assert isinstance(found.results, str)
