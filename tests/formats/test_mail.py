"""Facts of mails: identity, links, wording, limits, and bytes that nobody should send."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.formats.domains import host_of, imitates, is_address, mixed_script, registered
from safecare.formats.mail import BRANDS, MAIL_FACTS, MailFacts, examine, own_domains
from safecare.formats.mime import MAX_DEPTH, MAX_PARTS, decoded, read_mime
from safecare.formats.wording import asked, disguised, has_bidi, level
from safecare.scenarios.make.mail import SHAPES, benign_mail, spear_phish
from safecare.scenarios.make.office import archive

OWN = ("chu-aurore.example",)
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def asks(text: str) -> set[str]:
    return asked(level(text)) | disguised(text)


def mail(
    body: str = "Bonjour",
    *,
    sender: str = "Claire <claire@autre.example>",
    head: str = "",
    media: str = "text/plain",
) -> bytes:
    return (
        f"From: {sender}\r\nSubject: Bonjour\r\n{head}Content-Type: {media}; charset=utf-8\r\n\r\n{body}\r\n".encode()
    )


def attached(name: str, raw: bytes, media: str = "application/octet-stream") -> bytes:
    import base64

    return (
        b"From: a@autre.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/plain\r\n\r\n"
        b"x\r\n--b\r\nContent-Type: " + media.encode() + b'; name="' + name.encode() + b'"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(raw) + b"--b--\r\n"
    )


def all_facts(found: MailFacts) -> set[str]:
    return {*found.facts, *(fact for part in found.parts for fact in part.facts)}


@pytest.mark.parametrize(
    ("sender", "fact"),
    [
        ("IT <it@chu-aur0re.example>", "mail.from.lookalike-own"),
        ("IT <it@chu-aurore-support.com>", "mail.from.lookalike-own"),
        ("IT <it@chuaurore.fr>", "mail.from.lookalike-own"),
        ("IT <it@xn--chu-urore-c8a.example>", "mail.from.lookalike-own"),
        ("Service <a@rnicrosoft.com>", "mail.from.lookalike-brand"),
        ('"direction@chu-aurore.example" <x@autre.example>', "mail.from.display-address"),
        ("chu-aurore.example <x@autre.example>", "mail.from.own-name"),
        ("Microsoft 365 <x@autre.example>", "mail.from.brand-name"),
        ("=?utf-8?q?Microsoft?= <x@autre.example>", "mail.from.brand-name"),
        ("Claire <claire@chu-aurore.example>", "mail.from.own"),
        ("Claire <claire@gmail.com>", "mail.from.freemail"),
        ("nobody", "mail.from.invalid"),
        ("a@one.example, b@two.example", "mail.from.multiple"),
    ],
)
def test_sender(sender: str, fact: str) -> None:
    assert fact in examine(mail(sender=sender), OWN).facts


@pytest.mark.parametrize(
    "sender",
    [
        "Claire <claire@autre.example>",
        "Amazon <x@amazon.de>",
        "Apple <no_reply@email.apple.com>",
        "M <m@auroral.example>",
    ],
)
def test_genuine_senders_imitate_nobody(sender: str) -> None:
    found = examine(mail(sender=sender), OWN).facts
    assert not [fact for fact in found if "lookalike" in fact or "name" in fact]


@pytest.mark.parametrize(
    ("html", "fact"),
    [
        ('<a href="http://evil.example">https://chu-aurore.example</a>', "mail.link.text-mismatch"),
        ('<a href="http://chu-aurore.example@evil.example/">x</a>', "mail.link.user-info"),
        ('<a href="http://192.0.2.1/x">x</a>', "mail.link.address"),
        ('<a href="http://3221225985/x">x</a>', "mail.link.address"),
        ('<a href="javascript:alert(1)">x</a>', "mail.link.odd-scheme"),
        ('<a href="https://bit.ly/abc">x</a>', "mail.link.shortened"),
        ('<a href="https://files.example/a/setup.exe?x=1">x</a>', "mail.link.executable"),
        ('<a href="https://p\u0430ypal.com">x</a>', "mail.link.mixed-script"),
        ('<a href="ht\ntps://chu-aur0re.example">x</a>', "mail.link.lookalike-own"),
        ('<form action="https://evil.example"><input type="password"></form>', "mail.html.password"),
        ("<script>x</script>", "mail.html.script"),
        (f'<p>a</p><div style="display:none">{"word " * 100}</div>', "mail.html.hidden-text"),
    ],
)
def test_html(html: str, fact: str) -> None:
    assert fact in examine(mail(f"<html><body>{html}</body></html>", media="text/html"), OWN).facts


def test_own_links_and_file_names_are_no_mismatch() -> None:
    html = '<html><a href="https://www.chu-aurore.example/a">intranet</a> <a href="https://x.example/1">rapport.pdf</a>'
    found = examine(mail(html, media="text/html"), OWN)
    assert "mail.link.text-mismatch" not in found.facts
    assert found.link_domains == ("x.example",)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("Votre messagerie sera désactivée sous 24 heures.", "mail.text.urgency"),
        ("Your account will be suspended within 24 hours", "mail.text.urgency"),
        ("Access to your mailbox has been blocked", "mail.text.urgency"),
        ("Merci de confirmer votre mot de passe", "mail.text.credentials"),
        ("Please verify your password here", "mail.text.credentials"),
        ("Merci de c\u200bonfirmer vos\u200b identi\u200bfiants", "mail.text.credentials"),
        ("Veuillez noter nos nouvelles coordonnées bancaires", "mail.text.money"),
        ("Please process this wire transfer today", "mail.text.money"),
        ("Cliquez sur « Activer le contenu »", "mail.text.enable-content"),
        ("a\u200bb c\u200bd e\u200bf", "mail.text.disguised"),
    ],
)
def test_wording(text: str, fact: str) -> None:
    assert fact in asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "Urgent : prévenez l'équipe de nuit, la réunion est avancée.",
        "Nous ne vous demanderons jamais ce renseignement. Bonne journée.",
        "The account of the patient was closed by the ward last week, the password policy is unchanged.",
        "Facture 12345, règlement à 50 jours.",
    ],
)
def test_ordinary_words_ask_nothing(text: str) -> None:
    assert not asks(text)


@pytest.mark.timeout(60)  # what is not linear takes hours
def test_wording_is_linear() -> None:
    asks("your account within " * 20_000)
    asks("confirm your " * 20_000)


def test_an_arabic_word_that_is_embedded_stands_as_it_is_read() -> None:
    assert not has_bidi("\u202b\u062a\u0642\u0631\u064a\u0631 2026\u202c.pdf")
    assert has_bidi("\u2067fdp.exe\u2069")
    assert has_bidi("\u062a\u202efdp.exe")
    assert has_bidi("\u202b\u202a\u202cfdp.exe")
    assert has_bidi("\u202b\u2069fdp.exe")
    assert has_bidi("\u062a\u202b.pdf")


def test_only_the_topmost_authentication_results_count() -> None:
    head = (
        "Authentication-Results: mx.chu; spf=fail; dmarc=fail\r\n"
        "Authentication-Results: forged.example; dmarc=pass; dkim=pass\r\n"
    )
    found = examine(mail(head=head), OWN).facts
    assert "mail.auth.dmarc.fail" in found
    assert "mail.auth.dmarc.pass" not in found


@pytest.mark.parametrize(
    ("name", "raw", "fact"),
    [
        ("facture.pdf.exe", b"MZ" + bytes(100), "file.extension.double"),
        ("facture.pdf", b"MZ" + bytes(100), "file.type.executable"),
        ("facture.pdf", b"MZ" + bytes(100), "file.extension.mismatch"),
        ("a.js", b"alert(1)", "file.type.script"),
        ("a.lnk", b"L\0\0\0\1\x14\2\0" + bytes(50), "file.type.shortcut"),
        ("exe\u202efdp.scr", b"x", "file.name.reversed"),
        ("\u202bfdp.exe", b"x", "file.name.reversed"),
        ("a.zip", archive({"a/b.exe": b"MZ" + bytes(100)}), "file.archive.executable"),
        ("a.zip", archive({"in.zip": archive({"x.txt": b"x"})}), "file.archive.nested"),
        ("a.zip", archive({"readme.txt": b"MZ" + bytes(100)}), "file.archive.executable"),
        ("a.pdf", b"%PDF-1.4 /OpenAction << /S /JavaScript /JS (x) >>", "file.pdf.javascript"),
        ("a.pdf", b"%PDF-1.4 /OpenAction << /S /Java#53cript /JS (x) >>", "file.pdf.action"),
        ("a.html", b"<html><script>new Blob([atob('x')])</script>", "file.html.smuggling"),
        ("a.iso", b"\0" * 0x8001 + b"CD001" + bytes(50), "file.type.disk-image"),
    ],
)
def test_attachments(name: str, raw: bytes, fact: str) -> None:
    assert fact in all_facts(examine(attached(name, raw), OWN))


def test_names_of_people_never_leave() -> None:
    found = examine(attached("DUPONT Marie compte rendu.pdf", b"%PDF-1.4"), OWN)
    assert found.parts[0].name == "file-1.pdf"
    assert "DUPONT" not in repr(found)
    assert "claire" not in repr(examine(mail(), OWN))


def test_zip_bomb_costs_nothing() -> None:
    inner = archive({"zeros": bytes(20 * 1024 * 1024)})
    bomb = archive({f"{number}.zip": inner for number in range(20)})
    found = all_facts(examine(attached("bomb.zip", bomb), OWN))
    assert found & {"file.archive.limit", "file.archive.bomb"}


def test_endless_nesting_stops() -> None:
    raw = b"".join(
        f"Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n".encode() for depth in range(5000)
    )
    found = read_mime(b"From: a@b.example\r\n" + raw + b"x")
    assert "mail.limit.depth" in found.facts
    assert all(part.depth <= MAX_DEPTH for part in found.parts)


def test_nested_mails_stop() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\n" * 5000 + b"x"
    assert "mail.limit.depth" in read_mime(raw).facts


def test_too_many_parts_stop() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000 + b"--b--\r\n"
    found = read_mime(raw)
    assert len(found.parts) == MAX_PARTS
    assert "mail.limit.parts" in found.facts


def test_huge_header_stops() -> None:
    found = read_mime(b"".join(b"X-%d: y\r\n" % number for number in range(200_000)))
    assert "mail.limit.header" in found.facts


def test_a_part_that_is_never_closed_keeps_its_neighbours() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=out\r\n\r\n"
        b"--out\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
        b"--in\r\n\r\nfirst\r\n--out\r\n\r\nsecond\r\n--out--\r\n"
    )
    found = read_mime(raw)
    assert [part.body for part in found.parts] == [b"first", b"second"]
    assert "mail.mime.broken" in found.facts


def test_unknown_character_set_is_read() -> None:
    raw = mail(media="text/plain").replace(b"utf-8", b"x-nobody")
    assert examine(raw, OWN)


@pytest.mark.parametrize("shape", SHAPES)
def test_only_documented_facts(shape: str) -> None:
    for raw in (
        benign_mail(shape, seed=1, at=AT, to="u@chu-aurore.example"),
        spear_phish(seed=1, at=AT, to="u@x.example"),
    ):
        assert all_facts(examine(raw, OWN)) <= MAIL_FACTS.keys()


@given(st.binary(max_size=2000))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_facts(raw: bytes) -> None:
    assert all_facts(examine(raw, OWN)) <= MAIL_FACTS.keys()


PIECES = st.sampled_from(
    [
        b"From: ",
        b"a@b.example",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"\r\n",
        b"--b",
        b"--b--",
        b"=?utf-8?b?",
        b"?=",
        b"Content-Type: text/html\r\n",
        b"<a href='http://",
        b"'>",
        b"Content-Transfer-Encoding: base64\r\n",
        b"PK\3\4",
        b"<!--",
        b"<![CDATA[",
        b"\xff",
        b"%PDF-",
        b"{\\rtf",
        b"Content-Type: message/rfc822\r\n",
        b"filename*0*=a''%ff;",
        b"\0",
    ]
)


@given(st.lists(PIECES, max_size=60).map(b"".join))
@settings(max_examples=300, deadline=None)
def test_any_mix_of_mail_gives_facts(raw: bytes) -> None:
    assert all_facts(examine(raw, OWN)) <= MAIL_FACTS.keys()


def test_domains() -> None:
    assert registered("a.b.gouv.fr") == "b.gouv.fr"
    assert registered("mail.firm.com.pl") == "firm.com.pl"
    assert registered("mail.firm.co.il") == "firm.co.il"
    assert registered("www.net.de") == "net.de"
    assert host_of("HTTPS://User@Host.Example:443/x") == "host.example"
    assert host_of("\\\\evil.example\\x") == "evil.example"
    assert is_address("0x7f000001")
    assert mixed_script("p\u0430ypal.com")
    assert not mixed_script("r\u00e9seau.example")
    assert imitates("google.fr", BRANDS, endings=False) == ""
    assert imitates("google.fr", BRANDS) == "google.com"
    assert own_domains(["a@mail.chu.example", "b@gmail.com", "nothing"]) == ("chu.example",)


@given(st.text(max_size=80))
def test_any_host_is_compared(host: str) -> None:
    imitates(host, OWN)
    registered(host)
    host_of(host)


@pytest.mark.parametrize("body", ["<!--", "<a ", "<a b='", "<![x", "<?x", "&", "<", "</a ", "<div hidden>"])
@pytest.mark.parametrize("end", ["", ">", "'>", "-->"])
@pytest.mark.timeout(60)  # what is not linear takes hours
def test_endless_markup_takes_linear_time(body: str, end: str) -> None:
    examine(mail(f"<html>{body * 20_000}{end}", media="text/html"), OWN)


def test_an_encoded_word_that_is_damaged_stays_as_it_is() -> None:
    assert decoded("=?utf-8?b?a?=") == "=?utf-8?b?a?="
