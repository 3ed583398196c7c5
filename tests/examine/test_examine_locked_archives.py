"""Encrypted archives: opened with a password that is told beside them, else only said to be encrypted."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import zipfile
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Budget, Limits, UnreadableError, Verdicts
from safecare.examine.engine import Engine
from safecare.formats.rar_lock import RarLockError, opened
from safecare.formats.seven_zip import SevenZipError, members
from safecare.testing.bombs.make import mail

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ENGINE = Engine()
WORD = "geheim"
MADE = {
    "7z, LZMA": (
        "N3q8ryccAATJ8I+SUAAAAAAAAAByAAAAAAAAAPNgI8kDa8N6C3Hae/+w0EuwYgxn6wfZHUlOQOI9AkuSqpr8effEys2NbMkiugGG"
        "rSS0EipI5glTeqOVWdv6QJYsGlzAfzL8Kjdo928rcMEUxc8OxAEEBgABCVAABwsBAAIkBvEHARJTD8bnMrbBPCUptqy/PPkSDTMj"
        "AwEBBV0AEAAAAQAMR0QACAoBPM9RaAAABQEZCwAAAAAAAAAAAAAAEQ0AZQAuAHQAeAB0AAAAFAoBAJIHUq6Qfd0BFQYBACCApIEA"
        "AA=="
    ),
    "7z, names hidden": (
        "N3q8ryccAAR5Ouj40AAAAAAAAAAvAAAAAAAAACj7o4sSVuTJ0jJ1LQip/eWthGLqOQsDkfDZxGOmkzPf+mTBj9LC73TMxoRuqEH4"
        "pXsZeGeheMBPcKTdOKqtIUA8r2DhU4J4GbZsyLzfga7vdYBjifDoExFVzdm421WmxY6/JxD7Y8uIdVEDLofGfA0XToSLRZtDn18O"
        "W9c2sHlu44EeTJzr9FbJo37dWZNYaLWCdx/WwQtDZwlOOaeEwvkB5fL4L1CzwcqoJHCiQ3tnffH9VlIC74OccMq9NT+EAQQUM/ZN"
        "kn0pc18H4tS7aM394aGLFwZQAQmAgAAHCwEAASQG8QcBElMPbN/8xs9TjptQQ0fJuRAnkQxyCgG/RLc5AAA="
    ),
    "7z, stored": (
        "N3q8ryccAATDJEAdUAAAAAAAAABiAAAAAAAAAAJxqzu9C2fucuas8mzfB/t5/fCedsdmWogtFaVN0n/atOVDTOQTD+gUPWsQdMES"
        "tOxBIBxdSyABZw14vZzGy1BQ7igTu7FgW3g7c0zxsOb2TJKz0AEEBgABCVAABwsBAAIkBvEHARJTD/hkem5XPhNFto07QKs5vdAB"
        "AAEADEREAAgKATzPUWgAAAUBGQMAAAARDQBlAC4AdAB4AHQAAAAUCgEAkgdSrpB93QEVBgEAIICkgQAA"
    ),
    "7z, a program through its filter": (
        "N3q8ryccAAQDJYGD1AEAAAAAAAAjAAAAAAAAAFPmJKsrhXbxNXmVpw0gUVZgg2mIfuJ45WwrD3i4fuSoyVbUetmZ06AzbD+dBeiV"
        "417lhRt4TZJv/H3VRdQtR2xKpWkqxImeIE04XlLbpCrhw1+6f4wy8Xdtb7rSDzBOIM1WbxnRHgHRFkm0gkTH2XeAtfZ2LChiIeg9"
        "Bh2ix51REhihQieY2DfNc11xxORgbKj5MzUr5LNFbUGlTVAlL9WlvemcCxNg2a1q20/cbNiahfYjr6p6GqB164L9GLbdWvNaAHBm"
        "XMhgMiL6ZwFogUUcIu5tLERU+cDxiUl0AavNOnkhzhRgXgMf/MeMbcdYFwCdL/IcQCEn9++/yuHfXtIYzLbf8uXC7WTM0zwtAjFo"
        "7gSnkhQkGCnUHtPBElGmoRCSCyUo9MLLbpVMNql5wBPM11kus7f/SXJ3tDsbiy8d2rsxKAAAgTMHrg/VOTzhFyTRz+0R9KoAHmOo"
        "kLBZCOjJ5qFqQz8JiXTWdNa4vuHed3IkLItUqFI+5VPMswUDS7/QTgxdincQKDVSBEoS/Kl6cO3Z6G8wma3bDizGXHtZcCGjMiIh"
        "tEOkXpcHxk4enjWNAQZZmE10257dKubbshXcZq6yRa7QCxeN0zt5Ykz0TIAEnxiAAAAXBoFAAQmAlAAHCwEAASMDAQEFXQAQAAAM"
        "gKYKASlX7yEAAA=="
    ),
    "zip, AES": (
        "UEsDBDMAAQBjAGNTel0AAAAAYAAAAEQAAAAFAAsAZS50eHQBmQcAAgBBRQMAACE3SXsMUpTxmiv7eozOejF91r+EXelzyqtr2gzj"
        "KaWdBp9igPdoA+vc1gV5Cuo4gR4I67Nqfh9cSbJ/E97yCsJMUZ8A9bz/ZpTmX6p7HZkO4fdXyTwxu0ofKp/4WnMIE1BLAQI/AzMA"
        "AQBjAGNTel0AAAAAYAAAAEQAAAAFAC8AAAAAAAAAIICkgQAAAABlLnR4dAoAIAAAAAAAAQAYAJIHUq6Qfd0BAAAAAAAAAAAAAAAA"
        "AAAAAAGZBwACAEFFAwAAUEsFBgAAAAABAAEAYgAAAI4AAAAAAA=="
    ),
}
"""Made with 7-Zip 22.01: EICAR's test text under the password `WORD`; the program is ClamAV's harmless test file."""


def rar(word: str, *, hidden: bool, name: bytes = b"a.txt") -> bytes:
    """Return a RAR 5 archive of a stored file under a lock, and with its headers under one, too, if `hidden`."""
    salt, start = bytes(range(16)), bytes(range(16, 32))
    key = hashlib.pbkdf2_hmac("sha256", word.encode(), salt, 1 << 4)
    check = hashlib.pbkdf2_hmac("sha256", word.encode(), salt, (1 << 4) + 32)
    folded = bytes(check[n] ^ check[n + 8] ^ check[n + 16] ^ check[n + 24] for n in range(8))
    proof = folded + hashlib.sha256(folded).digest()[:4]

    def locked(raw: bytes) -> bytes:
        made = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
        return made.update(raw + bytes(-len(raw) % 16))

    def block(body: bytes) -> bytes:
        whole = bytes([len(body)]) + body
        return zlib.crc32(whole).to_bytes(4, "little") + whole

    record = b"\1\0\1\4" + salt + start + proof
    extra = bytes([len(record)]) + record
    data = locked(EICAR)
    told = b"\x04" + bytes([len(EICAR)]) + b"\0" + b"\0\0\0\0" + b"\0\1" + bytes([len(name)]) + name
    blocks = [b"\1\0\0", bytes([2, 3, len(extra), len(data)]) + told + extra, b"\5\0\0"]
    out = b"Rar!\x1a\x07\x01\x00"
    if hidden:
        out += block(b"\4\0\0\1\4" + salt + proof)
    for number, one in enumerate(blocks):
        out += (start + locked(block(one)) if hidden else block(one)) + (data if number == 1 else b"")
    return out


ARCHIVES = {
    **{name: base64.b64decode(text) for name, text in MADE.items()},
    "rar": rar(WORD, hidden=False),
    "rar, names hidden": rar(WORD, hidden=True),
}


def told(raw: bytes, words: str) -> list[str]:
    text = b"Content-Type: text/plain\r\n\r\n" + words.encode() + b"\r\n\r\n--b\r\n"
    whole = mail([("a.bin", raw)]).replace(b"\r\n--b\r\n", b"\r\n--b\r\n" + text, 1)
    return [one.rule for one in ENGINE.judge(whole, "a.eml").findings]


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_password_that_the_mail_tells_opens_it(name: str) -> None:
    assert "rule.eicar_test_file" in told(ARCHIVES[name], f"Le mot de passe : {WORD}")
    locked = told(ARCHIVES[name], "Le mot de passe : autrement")
    assert "archive.encrypted" in locked
    assert "rule.eicar_test_file" not in locked


@pytest.mark.parametrize("name", ARCHIVES)
def test_only_encrypted_is_no_alarm(name: str) -> None:
    verdict = ENGINE.judge(ARCHIVES[name])
    assert (verdict.verdict, [one.rule for one in verdict.findings]) == (Verdicts.CLEAN, ["archive.encrypted"])


@given(st.sampled_from(sorted(ARCHIVES)), st.integers(0, 3000), st.binary(min_size=1, max_size=8))
def test_damaged_locks_end_with_a_declared_error(name: str, place: int, noise: bytes) -> None:
    whole = ARCHIVES[name]
    at = place % len(whole)
    raw = whole[:at] + noise + whole[at + len(noise) :]
    budget = Budget(Limits(), 1 << 20)
    with contextlib.suppress(SevenZipError, RarLockError, UnreadableError):
        if name.startswith("7z"):
            list(members(raw, WORD, lambda step, data: budget.unpack(step, data, "a")))
        elif name.startswith("rar"):
            opened(raw, WORD)
    assert not [one for one in ENGINE.judge(raw).findings if one.rule.endswith(".failed")]


def renamed(raw: bytes, name: str) -> bytes:
    """Return a 7z archive with a plain header, whose file has another name of the same length."""
    start, size = int.from_bytes(raw[12:20], "little"), int.from_bytes(raw[20:28], "little")
    head = raw[32 + start : 32 + start + size].replace("e.txt".encode("utf-16-le"), name.encode("utf-16-le"))
    told = raw[12:28] + zlib.crc32(head).to_bytes(4, "little")
    return raw[:8] + zlib.crc32(told).to_bytes(4, "little") + told + raw[32 : 32 + start] + head


@pytest.mark.parametrize("raw", [rar(WORD, hidden=False, name=b"cr.pdf.exe"), renamed(ARCHIVES["7z, stored"], "e.exe")])
def test_names_that_can_be_read_are_judged(raw: bytes) -> None:
    rules = told(raw, "rien")
    assert {"archive.encrypted", "carried.program"} <= set(rules)
    assert "carried.program" not in told(rar(WORD, hidden=True, name=b"cr.pdf.exe"), "rien")


def test_each_name_is_judged_though_bytes_are_the_same() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("lisez-moi.txt", "cr.pdf", "facture.pdf.exe"):
            archive.writestr(name, b"the same bytes")
    rules = [one.rule for one in ENGINE.judge(out.getvalue(), "a.zip").findings]
    assert rules.count("name.double") == 1
    head = out.getvalue().replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0")
    assert "name.double" in [one.rule for one in ENGINE.judge(head, "a.zip").findings], "encrypted: names only"
