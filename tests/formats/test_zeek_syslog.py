"""Zeek's logs, syslog, CEF and Wazuh: what they say, and lines that say nothing."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.logs.syslog import SyslogError, read_syslog
from safecare.formats.wazuh import WazuhError, read_wazuh
from safecare.formats.zeek import ZeekError, ZeekRecord, command, number, outcome, read_zeek, text

CONN = b"""#separator \\x09
#path\tconn
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\torig_bytes\tresp_bytes\tconn_state
#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tcount\tcount\tstring
1750000000.5\tC1\t10.1.10.31\t50000\t10.1.20.10\t445\ttcp\tsmb\t100\t900\tSF
1750000001.5\tC2\t10.1.10.31\t50001\t10.1.20.11\t445\ttcp\t-\t-\t-\tREJ
1750000002.5\ttoo few
"""
CEF = (
    rb"<134>1 2026-11-26T03:00:00Z fw1 asa - - - CEF:0|Acme|Wall\|2|9|100|Port scan|8|src=10.1.10.31 dst=10.1.20.10 "
    rb"dpt=445 msg=two words \= more act=deny"
)
WAZUH = {
    "timestamp": "2026-11-26T03:00:00.123+0000",
    "rule": {"level": 12, "description": "Many failures", "id": "5712"},
    "agent": {"name": "his", "ip": "10.1.20.10"},
    "data": {"srcip": "10.1.10.31"},
}


def test_conversations_in_both_forms() -> None:
    first, second, bad = read_zeek(CONN.splitlines())
    assert isinstance(first, ZeekRecord)
    assert isinstance(second, ZeekRecord)
    assert isinstance(bad, ZeekError)
    assert (first.at, first.dst_port, number(first, "resp_bytes"), outcome(first)) == (
        1_750_000_000.5,
        445,
        900,
        "open",
    )
    assert (text(second, "service"), outcome(second)) == ("", "refused")
    line = {"ts": 1.5, "uid": "C", "id.orig_h": "1.2.3.4", "id.orig_p": 1, "id.resp_h": "5.6.7.8", "id.resp_p": 2}
    [other] = read_zeek([json.dumps(line | {"conn_state": "S0"}).encode()], "conn")
    assert isinstance(other, ZeekRecord)
    assert outcome(other) == "silent"


def test_commands_of_control_protocols() -> None:
    ends = {"ts": 1.5, "uid": "C", "id.orig_h": "1.2.3.4", "id.orig_p": 1, "id.resp_h": "5.6.7.8", "id.resp_p": 2}
    rows = [
        ("bacnet", {"pdu_type": "CONFIRMED_REQUEST", "pdu_service": "reinitialize_device"}, "restart"),
        ("modbus", {"func": "WRITE_SINGLE_COIL"}, "write"),
        ("dnp3", {"fc_request": "COLD_RESTART"}, "restart"),
    ]
    for path, more, operation in rows:
        [record] = read_zeek([json.dumps(ends | more).encode()], path)
        assert isinstance(record, ZeekRecord)
        found = command(record)
        assert found is not None
        assert found[2] == operation
    assert list(read_zeek([json.dumps(ends).encode()], "files")) == []


def test_syslog_and_cef() -> None:
    line, at = read_syslog(CEF)
    assert at == datetime(2026, 11, 26, 3, tzinfo=UTC)
    assert (line["severity"], line["host"], line["program"]) == ("informational", "fw1", "asa")
    assert (line["device_vendor"], line["device_product"], line["cef_severity"]) == ("Acme", "Wall|2", "8")
    assert (line["name"], line["signature_id"], line["act"]) == ("Port scan", "100", "deny")
    assert (line["src"], line["dst"], line["dpt"]) == ("10.1.10.31", "10.1.20.10", "445")
    assert line["msg"] == "two words = more"
    old, _ = read_syslog(b"<13>Nov 26 03:00:00 host sshd[77]: Failed password")
    assert (old["host"], old["program"], old["message"]) == ("host", "sshd", "Failed password")
    with pytest.raises(SyslogError, match="priority"):
        read_syslog(b"hello")


def test_wazuh() -> None:
    line = read_wazuh(json.dumps(WAZUH).encode())
    assert (line.level, line.name, line.fields["srcip"]) == (12, "Many failures", "10.1.10.31")
    assert line.at == datetime(2026, 11, 26, 3, 0, 0, 123_000, UTC)
    with pytest.raises(WazuhError):
        read_wazuh(b"{}")


@given(st.binary(max_size=200), st.integers(0, 150))
def test_nothing_but_their_own_errors(junk: bytes, at: int) -> None:
    for raw in (junk, CEF[:at] + junk, CEF[:at] + junk + CEF[at:]):
        with contextlib.suppress(SyslogError):
            read_syslog(raw, lenient=True)
        with contextlib.suppress(WazuhError):
            read_wazuh(raw)
        list(read_zeek([raw, *CONN[: at * 4].splitlines(), raw], "conn"))
