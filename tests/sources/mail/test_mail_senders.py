"""Senders of mails, checked by ourselves: a real DNS server on this machine, mails signed here, confined workers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import smtplib
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from safecare.cli.scan import app
from safecare.formats.mail_auth import Query, Reply
from safecare.model.events.files import MailReceived
from safecare.sources.files.judging import Judging
from safecare.sources.files.pool import Pool
from safecare.sources.files.process import Worker
from safecare.sources.files.resolver import Resolver
from safecare.sources.files.wire import Job
from safecare.sources.mail.door import MailDoor
from safecare.testing.intake import MemoryIntake, running

pytestmark = pytest.mark.slow
KEY = generate_private_key(65537, 2048)
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
HEAD = b"From: Claire <claire@partner.example>\r\nTo: user1@aurore.example\r\nSubject: Rota\r\n"
BODY = b"The rota for May is on the board.\r\n"


def signed(body: bytes = BODY, domain: str = "partner.example") -> bytes:
    """Sign with both canonicalisations simple: the bytes as they are."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    told = f"v=1; a=rsa-sha256; c=simple/simple; d={domain}; s=k1; h=from:to:subject; bh={digest}; b="
    field = f"DKIM-Signature: {told}".encode()
    signature = base64.b64encode(KEY.sign(HEAD + field, PKCS1v15(), SHA256()))
    return field + signature + b"\r\n" + HEAD + b"\r\n" + body


MAIL = signed()
CHANGED = MAIL.replace(b" May ", b" June ")
"""With the spaces: a drawn key's signature may hold the word, too, and would then be none that can be read."""


class Dns:
    """A name server: zones as text, each question counted; ``silent`` and ``broken`` as told."""

    def __init__(self) -> None:
        self.zone: dict[tuple[str, str], tuple[str, ...]] = {
            ("k1._domainkey.partner.example", "TXT"): (f'"v=DKIM1; p={PUBLIC[:200]}" "{PUBLIC[200:]}"',),
            ("_dmarc.partner.example", "TXT"): ('"v=DMARC1; p=reject"',),
            ("partner.example", "TXT"): ('"v=spf1 a mx:partner.example -all"', '"site-verification=1"'),
            ("partner.example", "A"): ("127.0.0.1",),
            ("partner.example", "MX"): ("20 b.partner.example.", "10 a.partner.example."),
            ("other.example", "TXT"): ('"v=spf1 -all"',),
        }
        self.asked: Counter[tuple[str, str]] = Counter()
        self.how = "well"
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                raw, peer = self._socket.recvfrom(4096)
            except OSError:
                return
            if not raw:
                return
            message = dns.message.from_wire(raw)
            question = message.question[0]
            name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
            self.asked[name, kind] += 1
            if self.how == "silent":
                continue
            if self.how == "odd":
                self._socket.sendto(b"\x00" * 20, peer)
                continue
            answer = dns.message.make_response(message)
            records = self.zone.get((name, kind), ())
            if self.how == "broken":
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif records:
                answer.answer.append(dns.rrset.from_text_list(question.name, 600, "IN", kind, list(records)))
            elif not any(known == name for known, _ in self.zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self._socket.sendto(answer.to_wire(), peer)


@pytest.fixture
def names() -> Iterator[Dns]:
    server = Dns()
    yield server
    server.close()


def facts(raw: bytes, resolver: Resolver | None, spf: str = "") -> set[str]:
    """Return what a confined worker tells of the sender of `raw`."""
    judging, worker = Judging(resolver=resolver), Worker(20.0, 10)
    try:
        answer = judging.answer(worker, Job(len(raw), facts=True, spf=spf), raw, judging.setup)
    finally:
        worker.close()
    assert answer.verdict is not None, answer
    assert answer.facts is not None
    findings = {one.rule for one in answer.verdict.findings}
    return {one for one in {*answer.facts.facts, *findings} if one.startswith("mail.auth")}


def test_a_signed_mail_is_known_and_a_changed_one_too(names: Dns) -> None:
    resolver = Resolver(names.place)
    assert facts(MAIL, resolver) == {"mail.auth.dkim.pass", "mail.auth.dmarc.pass"}
    assert facts(CHANGED, resolver) == {"mail.auth.dkim.fail", "mail.auth.unaligned"}
    forged = facts(HEAD + b"\r\n" + BODY, resolver, "fail partner.example")
    assert forged == {"mail.auth.spf.fail", "mail.auth.dmarc.fail", "mail.auth.unaligned"}
    assert facts(HEAD + b"\r\n" + BODY, resolver, "pass partner.example") == {
        "mail.auth.spf.pass",
        "mail.auth.dmarc.pass",
    }


def test_what_the_mail_says_of_itself_counts_less_than_what_was_found(names: Dns) -> None:
    lie = b"Authentication-Results: mx.aurore.example; dkim=pass header.d=partner.example; dmarc=pass\r\n"
    changed = lie + CHANGED
    assert facts(changed, Resolver(names.place)) == {"mail.auth.dkim.fail", "mail.auth.unaligned"}
    assert "mail.auth.dmarc.pass" in facts(changed, None)


@pytest.mark.parametrize("how", ["silent", "broken", "odd", "gone"])
def test_a_resolver_that_does_not_answer_is_no_alarm(names: Dns, how: str) -> None:
    names.how = how
    if how == "gone":
        names.close()
        resolver = Resolver("127.0.0.1:9", seconds=0.05)
    else:
        resolver = Resolver(names.place, seconds=20.0 if how == "broken" else 0.05)
    assert facts(MAIL, resolver) == facts(MAIL, None) == set()
    assert resolver.told[0] == ("ok" if how == "broken" else "failed")


def test_answers_are_kept_for_their_time_and_failures_shortly(names: Dns) -> None:
    now = [0.0]
    resolver = Resolver(names.place, clock=lambda: now[0])
    query, nothing = Query("partner.example", "MX"), Query("nothing.example", "TXT")
    for _ in range(3):
        assert resolver.ask(query) == Reply(("a.partner.example", "b.partner.example"))
        assert resolver.ask(nothing) == Reply()
    assert names.asked == Counter({("partner.example", "MX"): 1, ("nothing.example", "TXT"): 1})
    now[0] = 599.0
    resolver.ask(query)
    resolver.ask(nothing)
    assert names.asked == Counter({("partner.example", "MX"): 1, ("nothing.example", "TXT"): 2})
    names.how, now[0] = "broken", 601.0
    assert resolver.ask(query) == resolver.ask(query) == Reply(failed=True)
    assert names.asked["partner.example", "MX"] == 2


def test_questions_of_one_mail_end(names: Dns) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    replies = Resolver(names.place, clock=clock).all(Query(f"n{number}.example", "TXT") for number in range(30))
    assert len(replies) == 30
    assert sum(names.asked.values()) < 10


def test_an_address_that_is_none_is_told() -> None:
    for place in ("resolver.example", "10.0.0.53:x", ""):
        with pytest.raises(ValueError, match="not an address"):
            Resolver(place)
    assert Resolver("10.0.0.53").told[0] == "waiting"
    Resolver("[2001:db8::53]:5353")
    Resolver("2001:db8::53")


async def test_the_door_asks_whether_the_sender_may_send(names: Dns) -> None:
    intake = MemoryIntake()
    judging = Judging(resolver=Resolver(names.place))
    found: list[str] = []
    for first_hop in (True, False):
        door = MailDoor(port=0, judging=judging, first_hop=first_hop)
        async with running(door, intake):
            for sender in ("claire@partner.example", "claire@other.example"):
                await asyncio.to_thread(send, door.address, sender)
    found = [one.spf for one in intake.events if isinstance(one, MailReceived)]
    assert found == ["pass partner.example", "fail other.example", "", ""]
    assert "claire" not in repr(intake.events)


def send(address: tuple[str, int], sender: str) -> None:
    with smtplib.SMTP(*address, timeout=60) as client:
        client.sendmail(sender, ["user1@aurore.example"], MAIL)


def test_scan_asks_only_when_it_is_given_a_resolver(names: Dns, tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(CHANGED)
    for extra, rules in (((), set()), (("--resolver", names.place), {"mail.auth.dkim.fail", "mail.auth.unaligned"})):
        told = CliRunner().invoke(app, [str(file), "--format", "ndjson", "--workers", "1", *extra])
        findings = json.loads(told.stdout)["findings"]
        assert {one["rule"] for one in findings if one["rule"].startswith("mail.auth")} == rules
        assert bool(names.asked) == bool(extra)
    assert CliRunner().invoke(app, [str(file), "--resolver", "nowhere"]).exit_code == 2


def test_the_pool_remembers_no_verdict_that_rests_on_the_dns(names: Dns) -> None:
    pool = Pool(Judging(resolver=Resolver(names.place)), workers=1)
    try:
        for spf, rule in (("fail partner.example", "mail.auth.spf.fail"), ("pass partner.example", "")):
            found = {one.rule for one in pool.judge(HEAD + b"\r\n" + BODY, "a.eml", spf=spf).findings}
            assert {one for one in found if one == "mail.auth.spf.fail"} == ({rule} if rule else set())
    finally:
        pool.close()
