"""No bytes in a hospital's files make the reader raise."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safecare.demo import HOSPITAL
from safecare.formats.hospital import read

SNIPPETS = [
    b"",
    b"-",
    b": ",
    b"{",
    b"[",
    b"}",
    b"]",
    b"\n",
    b"\t",
    b"null",
    b"-1",
    b"1e999",
    b'"',
    b"*a",
    b"&a ",
    b"!!int ",
]
SNIPPETS += [b"\x00", b"\xff", b"safecare:", b"- - -", b"9" * 400, b".inf", b"true", b"#", b"? ", b"|\n", b"aurore.0"]


@cache
def demo() -> dict[str, bytes]:
    """The demo's small files, and one of each kind of the large ones cut down to a few rows."""
    found = {}
    for path in sorted(HOSPITAL.rglob("*.*")):
        name = path.relative_to(HOSPITAL).as_posix()
        lines = path.read_bytes().splitlines(keepends=True)
        if name.startswith("plans/"):
            found[name] = path.read_bytes() if "tilleuls" in name else b""
        else:
            found[name] = b"".join(lines[:40])
    return {name: raw for name, raw in found.items() if raw}


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_mutated_demo_files_never_raise(data: st.DataObject) -> None:
    files = dict(demo())
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(sorted(files)))
        raw = files[name]
        start = data.draw(st.integers(0, len(raw)))
        end = min(len(raw), start + data.draw(st.integers(0, 60)))
        new = data.draw(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=12)))
        files[name] = raw[:start] + new + raw[end:]
    loaded = read(files)
    for problem in loaded.problems:
        assert problem.file
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.reason.key.format(**problem.reason.args)
    assert loaded.hospital is not None or any(problem.level == "error" for problem in loaded.problems)


@settings(max_examples=200, deadline=None)
@given(
    raw=st.binary(max_size=400),
    name=st.sampled_from(["hospital.yaml", "plans/x.geojson", "assets/x.yaml", "people.yaml"]),
)
def test_any_bytes_never_raise(raw: bytes, name: str) -> None:
    assert read({name: raw}).hospital is None
