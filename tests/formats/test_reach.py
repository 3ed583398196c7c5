"""Where addresses in files lead, as seen from within a house."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.reach import is_abroad, is_here, leads_abroad


@pytest.mark.parametrize(
    ("host", "abroad", "here"),
    [
        (b"fs01", False, True),
        (b"10.1.2.3", False, True),
        (b"172.20.0.9", False, True),
        (b"192.168.1.5", False, True),
        (b"[fd00::1]", False, True),
        (b"pacs.hospital.example", False, False),
        (b"203.0.113.5", True, False),
        (b"[2001:db8::1]", True, False),
        (b"3405803781", True, False),
        (b"999.1.1.1", False, True),
    ],
)
def test_numbers_outside_are_told_from_names_and_from_the_house(host: bytes, abroad: bool, here: bool) -> None:
    assert (is_abroad(host), is_here(host)) == (abroad, here)


@pytest.mark.parametrize(
    ("text", "abroad"),
    [
        (b"see http://203.0.113.5/a", True),
        (rb"path \\203.0.113.5@80\dav", True),
        (b"icon //203.0.113.5/i.ico", True),
        (b"https://www.hospital.example/203.0.113.5", False),
        (b"version 203.0.113.5 of http://fs01/", False),
    ],
)
def test_only_addresses_count(text: bytes, abroad: bool) -> None:
    assert leads_abroad(text) is abroad


@given(st.binary(max_size=300))
def test_any_bytes_may_come(text: bytes) -> None:
    is_abroad(text)
    is_here(text)
    leads_abroad(b"http://" + text)
