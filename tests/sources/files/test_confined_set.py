"""The published set, judged behind the locked door: what a parser would load only then is loaded before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from safecare.examine.engine import Engine
from safecare.sources.files.judging import Judging
from safecare.sources.files.pool import Pool
from safecare.testing.medical_attacks import generate

pytestmark = pytest.mark.slow
WIDE = ("cp037", "cp500", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig")
RECORD = '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Radiographie du thorax</title></ClinicalDocument>'


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    made = Pool(Judging(), workers=1)
    yield made
    made.close()


def test_the_set_is_judged_as_in_the_open_and_no_analyser_gives_up(pool: Pool) -> None:
    engine = Engine()
    for one in generate(1):
        found = pool.judge(one.raw, one.name, "")
        assert not [each.rule for each in found.findings if each.rule.endswith((".failed", ".stopped"))], one.name
        assert found.verdict is engine.judge(one.raw, one.name).verdict, one.name


@pytest.mark.parametrize("name", WIDE)
def test_letters_of_every_width_are_read_behind_the_door(pool: Pool, name: str) -> None:
    found = pool.judge(RECORD.encode(name), "a.xml", "")
    assert "cda" in found.type.split("+")
    assert not [each.rule for each in found.findings if each.rule.endswith((".failed", ".stopped"))]
