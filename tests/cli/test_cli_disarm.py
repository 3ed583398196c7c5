"""Disarming: what stays is bit for bit the same, what can't be taken out is refused, and the result is clean."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from typer.testing import CliRunner

from safecare.cli.disarm import app
from safecare.examine.medical.disarm import DisarmError, disarm
from safecare.formats.dicom import read_dicom
from safecare.formats.dicom.model import ITEM
from safecare.testing.medical_attacks import generate
from safecare.testing.medical_attacks.writer import Image, Items

SAFE: Items = {
    (0x00190010, "LO"): "SIEMENS MR HEADER",
    (0x0019100C, "IS"): "1000",
    (0x00191099, "LO"): "x",
    (0x00290010, "LO"): "SITE",
    (0x00291001, "LO"): "y",
}


def kept(dataset: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], object]]:
    """Yield path and raw value of the standard attributes, as pydicom reads them."""
    for tag in dataset._dict:
        if tag.is_private or not tag.element or tag == 0xFFFCFFFC:
            continue
        element = dataset.get_item(tag)
        if element.VR in ("SQ", None) and dataset[tag].VR == "SQ":
            for number, item in enumerate(dataset[tag].value):
                yield from kept(item, (*path, int(tag), number))
        else:
            yield (*path, int(tag)), element.value


@pytest.mark.slow
def test_kept_attributes_of_pydicoms_files_are_byte_identical() -> None:
    done = 0
    logging.disable(logging.CRITICAL)
    for path in (Path(pydicom.__file__).parent / "data" / "test_files").rglob("*"):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        try:
            result = disarm(raw).raw
        except DisarmError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before, after = (dict(kept(pydicom.dcmread(BytesIO(one), force=True))) for one in (raw, result))
        assert before == after, path.name
        assert disarm(result).raw == result, path.name
        done += 1
    logging.disable(logging.NOTSET)
    assert done > 150


def test_private_attributes_stay_by_list_only() -> None:
    result = disarm(Image(items=SAFE).write())
    assert result.removed == ("(0019,1099)", "(0029,0010)", "(0029,1001)")
    assert 0x0019100C in read_dicom(result.raw).top
    assert disarm(Image(items=SAFE).write(), keep=["SITE"]).removed == ("(0019,1099)",)


@pytest.mark.parametrize("undefined", [False, True])
def test_lengths_around_what_goes_are_made_right(undefined: bool) -> None:
    inner: Items = {(0x00081155, "UI"): "1.2", **SAFE}
    items: Items = {(0x00081140, "SQ"): [{(0x00081140, "SQ"): [inner, inner]}, {(0x00081155, "UI"): "1.3"}]}
    found = read_dicom(disarm(Image(items=items, undefined=undefined, pixels=b"\1\2").write()).raw)
    assert found.problem is None
    assert found.end == len(found.data)
    assert sum(one.tag == ITEM for one in found.elements) == 4
    assert not any(one.tag >> 16 == 0x0029 for one in found.elements)


def test_a_tiff_head_stays_while_its_offsets_hold() -> None:
    tiff = b"II*\0\x08\0\0\0"
    assert disarm(Image(preamble=tiff).write()).raw.startswith(tiff)
    assert disarm(Image(preamble=tiff, items=SAFE).write()).raw[:128] == bytes(128)
    assert disarm(Image(preamble=b"MZ").write()).raw[:128] == bytes(128)


@pytest.mark.slow
def test_the_command_writes_what_is_clean_and_refuses_the_rest(tmp_path: Path) -> None:
    chosen = {
        "dicom-preamble-pe.dcm": 0,
        "dicom-preamble-tiff.dcm": 0,
        "dicom-appended-zip.dcm": 0,
        "dicom-appended-implicit-pe.dcm": 0,
        "dicom-private-pe-nested-length.dcm": 0,
        "dicom-private-pe-deflated.dcm": 0,
        "dicom-benign-ct.dcm": 0,
        "dicom-pixel-excess-pe.dcm": 1,
        "dicom-uid-study-0.dcm": 1,
        "dicom-damaged-cut-3.dcm": 1,
        "hl7-ed-pe.hl7": 1,
    }
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for sample in generate(1):
        if sample.name in chosen:
            (source / sample.name).write_bytes(sample.raw)
    result = CliRunner().invoke(app, [str(source), str(target), "--format", "ndjson"])
    assert result.exit_code == 1
    told = {Path(one["path"]).name: one for one in map(json.loads, result.stdout.splitlines())}
    for name, one in told.items():
        assert (target / name).exists() == (not chosen[name]), one
        assert bool(one["reason"]) == bool(chosen[name])
    assert told["dicom-private-pe-nested-length.dcm"]["removed"] == [
        "(0008,1140)[2](0009,0010)",
        "(0008,1140)[2](0009,1010)",
    ]


def test_the_original_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.dcm"
    file.write_bytes(Image().write())
    assert CliRunner().invoke(app, [str(file), str(file)]).exit_code == 2
    assert CliRunner().invoke(app, [str(tmp_path / "none"), str(file)]).exit_code == 2
    assert file.read_bytes() == Image().write()


@pytest.mark.slow
def test_names_that_are_no_utf_8_are_taken(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    Path(os.fsdecode(os.fsencode(source) + b"/\xff.dcm")).write_bytes(Image().write())
    result = CliRunner().invoke(app, [str(source), str(tmp_path / "out"), "--format", "ndjson"])
    assert (result.exit_code, json.loads(result.stdout)["reason"]) == (0, "")
