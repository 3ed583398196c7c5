"""RFC 5424 and 3164 as they really come, and what they carry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.logs.cef import CefError, read_cef
from safecare.formats.logs.syslog import LINE, SyslogError, read_syslog

PIECES = (
    *("<13>", "1 ", "- ", "Oct 11 22:14:15 ", '[a b="c"]', "CEF:0|", "|", "=", "\\", "a=b ", "{", "}", "%A-1-B: "),
    *("type=X msg=audit(1.1:2): ", "é", "\x00"),
)
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def fields(text: str) -> dict[str, Any]:
    return dict(read_syslog(text.encode(), NOW)[0])


def test_rfc_5424() -> None:
    found, at = read_syslog(
        b"<34>1 2003-10-11T22:14:15.003Z host.example.com su 77 ID47 "
        b'[ex@32473 iut="3" note="a \\"b\\" \\]"][y@1 z="1"] \xef\xbb\xbf\'su root\' failed'
    )
    assert at == datetime(2003, 10, 11, 22, 14, 15, 3000, UTC)
    assert found == {
        "facility": "auth",
        "severity": "critical",
        "host": "host.example.com",
        "program": "su",
        "process_id": "77",
        "message_id": "ID47",
        "ex@32473.iut": "3",
        "iut": "3",
        "ex@32473.note": 'a "b" ]',
        "note": 'a "b" ]',
        "y@1.z": "1",
        "z": "1",
        "message": "'su root' failed",
        "product": "linux",
        "service": "su",
    }


def test_rfc_3164_takes_the_year_that_is_not_ahead() -> None:
    found, at = read_syslog(b"<38>Dec 31 23:59:59 srv1 /usr/sbin/sshd[123]: Failed password for root", NOW)
    assert at == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert (found["program"], found["process_id"], found["message"]) == ("sshd", "123", "Failed password for root")
    assert (found["product"], found["service"], found["facility"]) == ("linux", "sshd", "auth")
    assert read_syslog(b"<38>Nov 26 10:00:00 h x: y", NOW)[1] == datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert read_syslog(b"Oct 11 22:14:15 h x: y")[1] is None


def test_cisco_says_its_own_name() -> None:
    found = fields("<189>Jan 15 10:23:41 router-a %AAA-5-USER_LOGGED: User netadmin executed: clear logging")
    assert (found["product"], found["service"], found["mnemonic"]) == ("cisco", "aaa", "USER_LOGGED")


def test_audit_records() -> None:
    found = fields(
        'node1 type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e a0="x y" exe="/bin/cat"'.replace(
            "node1 ", ""
        )
    )
    assert (found["type"], found["audit_id"], found["a0"], found["exe"]) == ("SYSCALL", "24287", "x y", "/bin/cat")
    assert (found["product"], found["service"]) == ("linux", "auditd")


def test_audit_records_of_other_machines_and_in_hexadecimal() -> None:
    found = fields('node=h1 type=EXECVE msg=audit(1.1:7): argc=2 a0="AB" a1=6C732000')
    assert (found["host"], found["type"], found["a0"], found["a1"]) == ("h1", "EXECVE", "AB", "ls ")
    found = fields("type=SYSCALL msg=audit(1.1:7): a0=AB12 comm=6C73")
    assert (found["a0"], found["comm"]) == ("AB12", "ls")
    assert fields("type=PROCTITLE msg=audit(1.1:7): proctitle=6C73002D6C")["proctitle"] == "ls -l"
    found = fields(
        'type=ADD_USER msg=audit(1.1:7): pid=9 msg=\'op=add acct="eve" exe="/usr/sbin/useradd" res=success\''
    )
    assert (found["exe"], found["acct"], found["pid"], found["res"]) == ("/usr/sbin/useradd", "eve", "9", "success")


def test_pairs_and_json_inside() -> None:
    found = fields('<13>Oct 11 22:14:15 fw date=2026 devname="FG 1" logid=1 type=event subtype=vpn action=add')
    assert (found["product"], found["service"], found["devname"], found["action"]) == (
        "fortigate",
        "event",
        "FG 1",
        "add",
    )
    found = fields('<13>Oct 11 22:14:15 h app: @cee: {"user": {"name": "x"}, "host": "not this"}')
    assert (found["user.name"], found["host"]) == ("x", "h")


def test_cef_escapes_labels_and_values_with_blanks() -> None:
    found = fields(
        r"<13>Oct 11 22:14:15 h CEF:0|Ven\|dor|Pro duct|1.0|100|A \\ name|9|src=10.0.0.1 msg=a b\=c d\n e "
        r"cs1Label=Zone cs1=DMZ act=blocked "
    )
    assert found["device_vendor"] == "Ven|dor"
    assert found["name"] == "A \\ name"
    assert (found["src"], found["msg"], found["Zone"], found["act"]) == ("10.0.0.1", "a b=c d\n e", "DMZ", "blocked")
    assert (found["product"], found["service"], found["host"]) == ("ven_dor", "pro_duct", "h")
    assert read_cef("CEF:0|a|b|c|d|e|f")["cef_severity"] == "f"


@pytest.mark.parametrize("text", ["no cef", "CEF:0|a|b", "CEF:0|a|b\\"])
def test_no_cef(text: str) -> None:
    with pytest.raises(CefError):
        read_cef(text)


@pytest.mark.parametrize("raw", [b"", b"plain text", b"<192>x", b"x" * (LINE + 1), b"   \n"])
def test_no_syslog(raw: bytes) -> None:
    with pytest.raises(SyslogError):
        read_syslog(raw)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(PIECES),
            max_size=12,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_anything_else_is_told_as_no_syslog(raw: bytes) -> None:
    try:
        found, _ = read_syslog(raw, NOW)
    except (SyslogError, CefError):
        return
    assert all(isinstance(value, str | int | tuple) or value is None for value in found.values())
