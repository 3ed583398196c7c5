"""Bent trees stay trees, reach what bent bytes do not, and what they found stays mended."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from xml.etree import ElementTree as ET

import pytest

from safecare.testing.fuzz_seeds import TARGETS
from safecare.testing.fuzz_trees import bend_tree

BY_NAME = {one.name: one for one in TARGETS}
JSON = b'{"a":[1,{"b":"x"}],"c":{"d":null}}'


def test_json_is_bent_in_its_structure() -> None:
    bent = [bend_tree(JSON, random.Random(seed)) for seed in range(300)]
    assert len(set(bent)) > 150
    texts = [one.decode("utf-8", "replace") for one in bent if one]
    assert any(text.count('"a"') > 1 for text in texts), "a name twice"
    assert any("[" * 1000 in text for text in texts), "nested deeply"
    assert any("NaN" in text for text in texts)
    assert any("\\ud800" in text for text in texts)
    whole = 0
    for text in texts:
        with suppress(ValueError, RecursionError):
            whole += json.loads(text) is not None
    assert whole > len(texts) // 2


def test_xml_is_bent_in_its_structure() -> None:
    bent = [bend_tree(b'<a x="1"><b>c</b><d/></a>', random.Random(seed)) for seed in range(300)]
    assert len(set(bent)) > 50
    whole = 0
    for one in bent:
        with suppress(ET.ParseError):
            whole += ET.fromstring(one or b"") is not None
    assert whole > 100


def test_a_seed_bends_a_tree_alike_and_bytes_are_no_tree() -> None:
    assert bend_tree(JSON, random.Random(5)) == bend_tree(JSON, random.Random(5))
    assert bend_tree(b"\x03\x00", random.Random(5)) is None
    assert bend_tree(b"{nothing", random.Random(5)) is None


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("eve-events", b'"src_port":4000', b'"src_port":99999999999999999999999'),
        ("eve-events", b'"bytes_toserver":10', b'"bytes_toserver":18446744073709551616'),
        ("zeek", b"50000\t", b"-9223372036854775809\t"),
        ("zeek", b"1750000000.5", b"nan"),
    ],
)
def test_numbers_that_no_database_holds_are_refused_by_the_reader(name: str, old: bytes, new: bytes) -> None:
    """Found by bent trees: such a record became an event that could not be laid down, and held up its batch."""
    [seed] = [one for one in BY_NAME[name].seeds if old in one][:1]
    BY_NAME[name].read(seed.replace(old, new))
