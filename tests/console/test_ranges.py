"""Ranges of what is played: those that RFC 9110 knows, and what is none."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from safecare.console.ranges import part_of

RAW = bytes(range(100))


@pytest.mark.parametrize(
    ("asked", "status", "told", "first", "last"),
    [
        ("", 200, None, 0, 99),
        ("bytes=0-", 206, "bytes 0-99/100", 0, 99),
        ("bytes=10-19", 206, "bytes 10-19/100", 10, 19),
        ("bytes=90-900", 206, "bytes 90-99/100", 90, 99),
        ("bytes=-5", 206, "bytes 95-99/100", 95, 99),
        ("bytes=-500", 206, "bytes 0-99/100", 0, 99),
        ("bytes=19-10", 200, None, 0, 99),
        ("bytes=-", 200, None, 0, 99),
        ("bytes=0-1,5-6", 200, None, 0, 99),
        ("pages=1-2", 200, None, 0, 99),
    ],
)
def test_a_range_is_given(asked: str, status: int, told: str | None, first: int, last: int) -> None:
    response = part_of(request(asked), RAW, {"Cache-Control": "private"}, "video/webm")
    assert (response.status_code, response.headers.get("content-range")) == (status, told)
    assert response.body == RAW[first : last + 1]
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["cache-control"] == "private"


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=900-999", "bytes=-0"])
def test_what_is_beyond_the_end_is_not_there(asked: str) -> None:
    response = part_of(request(asked), RAW, {}, "video/webm")
    assert (response.status_code, response.headers["content-range"], response.body) == (416, "bytes */100", b"")


def request(asked: str) -> Request:
    headers = [(b"range", asked.encode())] if asked else []
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})
