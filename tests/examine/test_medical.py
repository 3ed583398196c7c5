"""The published attack set against the analysers of medical files: nothing missed, nothing honest flagged."""

from __future__ import annotations

import collections
import hashlib
import os
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.testing.medical_attacks import VERSION, generate, write

OURS = ("dicom", "hl7", "record", "fhir")
VALID_BUT_DAMAGED = {"MR_truncated.dcm", "DICOMDIR-nooffset", "rtplan_truncated.dcm"}
ENGINE = Engine(only=OURS)
SMALL = [one for one in generate(1) if len(one.raw) < 4000]
PIECES = [
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\xfe\xff\x00\xe0",
    b"\xfe\xff\xdd\xe0",
    b"SQ\0\0",
    b"MZ",
    b"<!",
    b"\\X0D\\",
]
FOUND = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)


@pytest.mark.slow
def test_every_attack_is_found_and_no_honest_twin_is() -> None:
    engine, wrong = Engine(), []
    for sample in generate(1):
        verdict = engine.judge(sample.raw, sample.name)
        wanted = {
            "attack": verdict.verdict in FOUND,
            "benign": verdict.verdict is Verdicts.CLEAN,
            "malformed": verdict.verdict is not Verdicts.CLEAN,
        }[sample.label]
        if not wanted:
            wrong.append((sample.name, verdict.verdict, verdict.findings[:2]))
    assert not wrong


def test_pydicoms_own_files_are_clean() -> None:
    engine = Engine(only=OURS)
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    for path in folder.rglob("*"):
        if path.is_file():
            verdict = engine.judge(path.read_bytes(), path.name)
            wanted = Verdicts.UNREADABLE if path.name in VALID_BUT_DAMAGED else Verdicts.CLEAN
            assert verdict.verdict is wanted, (path.name, verdict.findings)


@pytest.mark.skipif("SAFECARE_DATA" not in os.environ, reason="no data")
def test_published_cda_examples_are_clean() -> None:
    engine = Engine(only=OURS)
    for path in (Path(os.environ["SAFECARE_DATA"]) / "files" / "cda").glob("*.xml"):
        verdict = engine.judge(path.read_bytes(), path.name)
        assert verdict.verdict is Verdicts.CLEAN, (path.name, verdict.findings)


@pytest.mark.slow
def test_the_set_is_reproducible_labelled_and_large_enough(tmp_path: Path) -> None:
    samples = list(generate(1))
    assert len({one.name for one in samples}) == len(samples)
    labels = collections.Counter((one.family, one.label) for one in samples)
    assert labels["dicom", "attack"] >= 200
    names = {one.name for one in samples}
    assert all(one.twin in names for one in samples if one.label != "benign"), "every attack has its honest twin"
    digest = hashlib.sha256(b"".join(one.raw for one in samples)).hexdigest()
    assert digest == hashlib.sha256(b"".join(one.raw for one in generate(1))).hexdigest()
    assert digest != hashlib.sha256(b"".join(one.raw for one in generate(2))).hexdigest()
    assert write(tmp_path, 1) == len(samples)
    assert (tmp_path / "labels.json").exists()
    assert VERSION == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "files", "digest"),
    [(1, 357, "f469357f74f74493"), (2, 823, "acb157c2180f3334"), (3, 943, "eec1fe599cfc689c")],
)
def test_each_version_is_made_again_as_it_was(version: int, files: int, digest: str) -> None:
    samples = list(generate(1, version))
    assert len(samples) == files
    assert hashlib.sha256(b"".join(one.raw for one in samples)).hexdigest()[:16] == digest
    with pytest.raises(ValueError, match="versions are"):
        next(generate(1, VERSION + version))


@given(st.data())
def test_no_change_of_bytes_makes_an_analyser_give_up(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(SMALL))
    raw = bytearray(sample.raw)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 4))] = data.draw(st.sampled_from(PIECES) | st.binary(max_size=8))
        raw = raw or bytearray(b"x")
    verdict = ENGINE.judge(bytes(raw), sample.name)
    assert not [one for one in verdict.findings if one.rule.endswith(".failed")]


def test_places_name_part_tag_and_bytes() -> None:
    sample = next(one for one in generate(1) if one.name == "dicom-private-pe-nested-length.dcm")
    finding = next(one for one in Engine(only=OURS).judge(sample.raw).findings if one.rule == "dicom.value.program")
    assert finding.where.tag == "(0008,1140)[2](0009,1010)"
    assert finding.where.bytes is not None
    start, end = finding.where.bytes
    assert sample.raw[start:end].startswith(b"MZ")
