"""Audit messages of medical systems, alone and in syslog; and logs of Zeek."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.logs.atna import AtnaError, read_atna
from safecare.formats.logs.files import read_log
from safecare.formats.logs.record import LogRecord, Unread
from safecare.formats.logs.syslog import read_syslog

AUDIT = """<?xml version="1.0" encoding="UTF-8"?><AuditMessage><EventIdentification EventActionCode="D"
EventOutcomeIndicator="0" EventDateTime="2026-11-26T10:00:00Z"><EventID csd-code="110105" codeSystemName="DCM"
originalText="DICOM Study Deleted"/></EventIdentification><ActiveParticipant UserID="a" UserIsRequestor="true"/>
<ActiveParticipant UserID="b"/><AuditSourceIdentification AuditSourceID="PACS1"/></AuditMessage>"""


def test_codes_names_and_participants() -> None:
    fields = read_atna(AUDIT.partition("?>")[2])
    assert (fields["EventID"], fields["EventIDName"], fields["EventActionCode"]) == (
        "110105",
        "DICOM Study Deleted",
        "D",
    )
    assert (fields["UserID"], fields["AuditSourceID"]) == (("a", "b"), "PACS1")
    assert (fields["product"], fields["service"]) == ("dicom", "audit")


def test_in_syslog() -> None:
    fields, _ = read_syslog(b"<85>1 2026-11-26T10:00:00Z pacs dcm4chee 7 DICOM+RFC3881 - " + AUDIT.encode())
    assert (fields["host"], fields["EventID"], fields["product"]) == ("pacs", "110105", "dicom")


@pytest.mark.parametrize(
    "text", ["", "<AuditMessage", '<!DOCTYPE a [<!ENTITY b "c">]><AuditMessage>&b;</AuditMessage>']
)
def test_no_audit_message(text: str) -> None:
    with pytest.raises(AtnaError):
        read_atna(text)


@given(st.text(max_size=60))
def test_any_text_is_told(text: str) -> None:
    try:
        read_atna(f"<AuditMessage>{text}</AuditMessage>")
    except AtnaError:
        return


def test_zeek() -> None:
    head = b"#separator \\x09\n#path\tmodbus\n#fields\tts\tid.orig_h\tfunc\n#types\ttime\taddr\tstring\n"
    raw = head + b"1.5\t10.0.0.1\t-\nx\n2.5\ta\t(empty)\n"
    some = list(read_log(io.BytesIO(raw)))
    records = [one for one in some if isinstance(one, LogRecord)]
    assert [one.fields for one in records] == [
        {"ts": "1.5", "id.orig_h": "10.0.0.1", "_path": "modbus"},
        {"ts": "2.5", "id.orig_h": "a", "func": "", "_path": "modbus"},
    ]
    assert [one.place for one in some if isinstance(one, Unread)] == ["line 6"]
    assert records[0].at is not None
