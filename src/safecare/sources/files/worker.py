"""The confined worker, ``python -m safecare.sources.files.worker PARENT_PID``: bytes in, verdict out, nothing else.

All that parsing needs is imported before the door is locked; afterwards no file can be opened any more.
"""

from __future__ import annotations

import base64
import codecs
import encodings
import gc
import importlib
import os
import struct
import sys
from typing import BinaryIO

import msgspec

from safecare.examine.api import Part, Unpacked
from safecare.examine.engine import Engine, analysers
from safecare.examine.mail.contacts import contact_of
from safecare.examine.types import recognise
from safecare.formats.mail import Contact, examine, read_mail, told
from safecare.sources.files.confine import allow_cpu, confine, die_with_parent
from safecare.sources.files.wire import Answer, Hello, Job, Setup, pack, read

PRELOAD = (
    *(
        "bz2",
        "cv2",
        "cryptography.hazmat.decrepit.ciphers.algorithms",
        "email.mime",
        "html.entities",
        "lzma",
        "msoffcrypto.format.ooxml",
        "olefile",
    ),
    *("heapq", "stringprep", "unicodedata", "zstandard"),
)
"""Modules that parsing imports late."""
_ISO = [f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)]
_MORE = (
    "ascii latin_1 utf_8 utf_8_sig utf_16 utf_16_le utf_16_be utf_32 utf_32_le "
    "utf_32_be utf_7 idna punycode koi8_r koi8_u mac_roman "
    "gb2312 gbk gb18030 big5 shift_jis cp932 euc_jp euc_kr cp949 iso2022_jp iso2022_kr cp437 cp850 cp874 cp1250 "
    "cp037 cp500 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258"
)
CODECS = (*_MORE.split(), *_ISO)
"""Character sets that mails really use; others are read as Latin-1."""

_PICTURE = base64.encodebytes(
    b"BM" + struct.pack("<IIIIiiHHIIiiII", 12_342, 0, 54, 40, 64, 64, 1, 24, 0, 12_288, 0, 0, 0, 0) + bytes(12_288)
)
"""A black picture of 64 x 64 pixels: what looks for codes in pictures is loaded by it."""
_WARM = (
    b"From: =?utf-8?q?a?= <a@example.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n<p><a href='http://xn--bcher-kva.example/'>a</a>\r\n--b\r\n"
    b"Content-Type: application/octet-stream; name=a.zip\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nUEsFBgAA\r\n--b\r\n"
    b"Content-Type: image/bmp\r\nContent-Transfer-Encoding: base64\r\n\r\n" + _PICTURE + b"\r\n--b--\r\n"
)

_WARM_ARCHIVE = b"!<arch>\n"
"""An empty archive: what opens archives is loaded by it."""


def main() -> None:
    """Serve jobs until the input ends."""
    die_with_parent(int(sys.argv[1]))
    with os.fdopen(os.dup(0), "rb") as jobs, os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever a library prints must not reach the answers
        preload()
        setup = read(jobs, Setup)
        if setup is None:
            return
        engine = Engine(own=setup.own, rules=setup.rules, mail_model=setup.mail_model)
        engine.judge(_WARM, "warm.eml")
        engine.judge(_WARM_ARCHIVE, "warm.lzh")
        if setup.checks:
            _load_checks()
        layers = confine()
        _send(answers, Hello(layers))
        while (job := read(jobs, Job)) is not None:
            allow_cpu()
            kept = Unpacked(job.parts)
            answer = _judge(job, jobs.read(job.size), setup, engine, kept)
            told = tuple((path, len(raw)) for path, raw in kept.kept) if answer.verdict else ()
            _send(answers, msgspec.structs.replace(answer, parts=told))
            for _, raw in kept.kept[: len(told)]:
                answers.write(raw)
            answers.flush()


def _judge(job: Job, raw: bytes, setup: Setup, engine: Engine, kept: Unpacked) -> Answer:
    try:
        results = ""
        if job.dns is not None and (job.facts or "mail" in recognise(Part(raw, job.name))):
            from safecare.formats.mail_auth.check import checked  # loaded already

            found = checked(raw, job.spf, job.dns, setup.sealers, job.at)
            if found.wanted:
                return Answer(wanted=found.wanted)
            results = found.results
        mail = read_mail(raw, setup.own, checked=results) if job.facts else None
        facts = told(mail) if mail else None
        contact = contact_of(mail, facts, setup.own) if mail and facts else Contact()
        verdict = engine.judge(raw, job.name, job.media, mail, results, kept if job.parts else None)
        return Answer(verdict, facts, contact)
    except MemoryError:
        gc.collect()
        return Answer(error="needs more memory than a file may", stopped=True)
    except Exception as error:  # noqa: BLE001 - whatever a hostile file provokes is told, never fatal
        return Answer(error=f"{type(error).__name__} while examining")


def _load_checks() -> None:
    """Load what checks signatures, by checking two: libraries load parts of themselves late."""
    from safecare.formats.mail_auth.dkim import warm

    warm()
    importlib.import_module("safecare.formats.mail_auth.check")


def preload() -> None:
    """Load all that judging files needs: a confined process opens nothing any more."""
    needed = (need for kind in analysers().parts.values() for need in kind.needs if ":" not in need)
    for name in (*PRELOAD, *needed):
        importlib.import_module(name)
    for codec in CODECS:
        importlib.import_module(f"encodings.{codec}")
        "a".encode(codec)
    examine(_WARM, ("example.org",))
    Engine().judge(_WARM, "warm.eml")
    codecs.unregister(encodings.search_function)
    codecs.register(_codec)


def _codec(name: str) -> codecs.CodecInfo | None:
    """Return a codec that is loaded already; for others the library would open a file, which is refused by now."""
    try:
        return encodings.search_function(name)
    except OSError:
        return None


def _send(stream: BinaryIO, message: Hello | Answer) -> None:
    stream.write(pack(message))
    stream.flush()


if __name__ == "__main__":
    main()
