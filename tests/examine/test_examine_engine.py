"""The engine: types, recursion, limits, verdicts; with analysers of its own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import (
    Budget,
    Context,
    Finding,
    LimitError,
    Limits,
    Part,
    UnreadableError,
    Verdicts,
    analyser,
)
from safecare.examine.engine import Engine
from safecare.examine.types import recognise
from safecare.examine.verdict import MALICIOUS, score
from safecare.model.text import say


@analyser("test", wants={"*"})
class Packed:
    """Unpacks ``>`` and what follows; finds what stands in it."""

    wants: ClassVar[frozenset[str]] = frozenset("*")
    needs: ClassVar[tuple[str, ...]] = ()

    def examine(self, part: Part, context: Context) -> Iterator[Finding | Part]:
        if part.raw.startswith(b">"):
            yield part.child("inner", part.raw[1:])
        if part.raw.startswith(b"twice"):
            yield part.child("one", b"evil")
            yield part.child("two", b"evil")
        if part.raw == b"evil":
            yield Finding("test.evil", say("It is evil."), 0.9)
        if part.raw == b"broken":
            raise UnreadableError("it ends too early", "byte 6")
        if part.raw == b"mistake":
            raise KeyError("x")
        if part.raw.startswith((b"x\x9c", b"x\xda")):
            context.budget.inflate(part.raw, "all", 15)


def engine(limits: Limits | None = None) -> Engine:
    made = Engine(limits=limits, only=("none",))
    made._by_type = {"*": [("test", Packed())]}
    return made


def test_a_finding_names_the_part_it_stands_in() -> None:
    verdict = engine().judge(b">>evil", "outer")
    assert verdict.verdict is Verdicts.MALICIOUS
    assert [one.where.part for one in verdict.findings] == ["inner/inner"]


def test_the_same_bytes_are_examined_once() -> None:
    assert len(engine().judge(b"twice").findings) == 1


def test_depth_and_count_of_parts_are_limited_and_told() -> None:
    deep = engine(Limits(depth=3)).judge(b">" * 9 + b"evil")
    assert (deep.verdict, deep.findings[0].rule) == (Verdicts.SUSPICIOUS, "limit.depth")
    many = engine(Limits(parts=2)).judge(b">" * 9 + b"evil")
    assert [one.rule for one in many.findings][:1] == ["limit.parts"]


def test_damage_and_mistakes_are_findings() -> None:
    broken = engine().judge(b"broken")
    assert (broken.verdict, broken.findings[0].where.tag) == (Verdicts.UNREADABLE, "byte 6")
    assert engine().judge(b">broken").verdict is Verdicts.CLEAN
    assert [one.rule for one in engine().judge(b"mistake").findings] == ["test.failed"]


def test_a_bomb_is_stopped_early() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    assert [one.rule for one in engine().judge(bomb).findings] == ["limit.size"]
    budget = Budget(Limits(), len(bomb))
    with pytest.raises(LimitError):
        budget.inflate(bomb, wbits=15)
    assert budget.inflate(zlib.compress(b"small"), wbits=15) == b"small"
    with pytest.raises(UnreadableError):
        budget.inflate(b"no deflate", wbits=15)


def test_kinds_of_evidence_add_up_and_one_kind_does_not() -> None:
    text = say("It is evil.")
    one = [Finding("a.x", text, 0.5)]
    same = [*one, Finding("a.y", text, 0.5), Finding("a.z", text, 0.5)]
    other = [*one, Finding("b.x", text, 0.5)]
    assert score(one) == 0.5
    assert 0.5 < score(same) < score(other) == 0.75 < MALICIOUS
    assert score([*one, *one]) == 0.5


@pytest.mark.parametrize(
    ("raw", "name", "types"),
    [
        (b"MZ".ljust(128, b"\0") + b"DICM" + b"\2\0", "", ("pe", "dicom")),
        (b"GIF89a" + b"PK\1\2" + b"PK\5\6".ljust(22, b"\0"), "", ("gif", "zip")),
        (b"From: a@b.example\nTo: c@d.example\n\nx", "", ("mail",)),
        (b"<?xml version='1.0'?><ClinicalDocument xmlns='urn:hl7-org:v3'>", "", ("cda", "xml")),
        (b"MSH|^~\\&|A|B", "", ("hl7",)),
        (b'{"resourceType": "Binary"}', "", ("fhir", "json")),
        (b"\xff\xfe<\0h\0t\0m\0l\0>\0", "", ("html",)),
        (b"var a = 1;", "a.js", ("script",)),
        (b"plain words", "a.txt", ("text",)),
        (b"", "", ("empty",)),
    ],
)
def test_types_are_told_all_at_once(raw: bytes, name: str, types: tuple[str, ...]) -> None:
    assert recognise(Part(raw, name)) == types


@given(st.binary(max_size=600), st.text(max_size=12))
def test_any_bytes_have_types_and_a_verdict(raw: bytes, name: str) -> None:
    assert isinstance(recognise(Part(raw, name)), tuple)
    assert engine().judge(raw, name).score >= 0
