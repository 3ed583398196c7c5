"""Text logs of web servers: fields under the names that rules use."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.logs.files import read_log
from safecare.formats.logs.record import LogRecord, Read, Unread
from safecare.formats.logs.web import read_access

COMBINED = '10.0.0.9 - eve [26/Nov/2026:04:00:00 +0100] "GET /a?x=1 HTTP/1.1" 200 12 "-" "sqlmap \\"1\\""'
IIS = b"""#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Fields: date time cs-method cs-uri-stem cs-uri-query cs-username c-ip cs(User-Agent) sc-status
2026-11-26 03:00:00 GET /a x=union+select - 10.0.0.9 Mozilla/5.0+(X11) 200
2026-11-26 03:00:01 GET /b
"""


def read(raw: bytes) -> list[Read]:
    return list(read_log(io.BytesIO(raw)))


def test_combined_common_and_with_the_host_before() -> None:
    for line, more in (
        (COMBINED, {"cs-user-agent": 'sqlmap \\"1\\"'}),
        (COMBINED.partition(' "-"')[0], {}),
        (f"www.example.org:443 {COMBINED}", {"cs-user-agent": 'sqlmap \\"1\\"', "cs-host": "www.example.org:443"}),
    ):
        [record] = read(line.encode() + b"\n")
        assert isinstance(record, LogRecord)
        assert record.at == datetime(2026, 11, 26, 3, tzinfo=UTC)
        assert record.fields == more | {
            "category": "webserver",
            "c-ip": "10.0.0.9",
            "cs-username": "eve",
            "cs-method": "GET",
            "cs-uri-stem": "/a",
            "cs-uri-query": "/a?x=1",
            "cs-version": "1.1",
            "sc-status": 200,
            "sc-bytes": "12",
        }


@pytest.mark.parametrize("request_line", ["\\x16\\x03\\x01", "", "-"])
def test_a_request_that_is_no_http_is_kept(request_line: str) -> None:
    found = read_access(COMBINED.replace("GET /a?x=1 HTTP/1.1", request_line))
    assert found is not None
    assert found[0]["cs-uri-query"] == request_line
    assert "cs-method" not in found[0]


def test_a_request_does_not_pass_for_another_log() -> None:
    [record] = read(COMBINED.replace("x=1", "CEF:0|a|b|c|d|e|9|").encode())
    assert isinstance(record, LogRecord)
    assert "signature_id" not in record.fields


def test_extended_form() -> None:
    record, bad = read(IIS)
    assert isinstance(record, LogRecord)
    assert record.at == datetime(2026, 11, 26, 3, tzinfo=UTC)
    assert (record.fields["cs-uri-query"], record.fields["cs-user-agent"]) == ("x=union+select", "Mozilla/5.0 (X11)")
    assert "cs-username" not in record.fields
    assert bad == Unread("line 5", "4 values for 9 fields", b"2026-11-26 03:00:01 GET /b")


@given(st.text(max_size=80), st.integers(0, len(COMBINED)), st.binary(max_size=40))
def test_anything_is_read_or_told(text: str, at: int, raw: bytes) -> None:
    read_access(COMBINED[:at] + text + COMBINED[at:])
    for one in read(IIS[: at * 2] + raw + b"\n" + IIS[at * 2 :]):
        assert isinstance(one, LogRecord | Unread)
