"""The structural reader against pydicom, on all of pydicom's files, and against whatever bytes come."""

from __future__ import annotations

import logging
import struct
import warnings
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement

from safecare.formats.dicom import DicomError, DicomLimitError, looks_like_dicom, read_dicom, shown
from safecare.formats.dicom.frames import begins, codec, ends, markers, notes, size
from safecare.formats.dicom.model import ITEM
from safecare.formats.dicom.walk import MAX_DEPTH
from safecare.testing.medical_attacks.payloads import jpeg, jpeg_2000
from safecare.testing.medical_attacks.writer import BIG, DEFLATED, EXPLICIT, IMPLICIT, Image, Items, Writer

FILES = sorted(path for path in (Path(pydicom.__file__).parent / "data" / "test_files").rglob("*") if path.is_file())
DAMAGED = {"MR_truncated.dcm", "DICOMDIR-nooffset", "rtplan_truncated.dcm"}
NOT_DICOM = {"README.txt", "README", "crayons.icc", "no_meta.dcm", "rtplan.dump", "rtstruct.dump"} | {
    *("test1.json", "test_PN.json", "zipMR.gz"),
}
"""no_meta.dcm begins with a byte that belongs to nothing."""


def test_all_files_of_pydicom_are_there() -> None:
    assert len(FILES) >= 170


@pytest.mark.slow
def test_tags_values_and_offsets_are_those_of_pydicom() -> None:
    compared = 0
    for path in FILES:
        raw = path.read_bytes()
        if path.name in NOT_DICOM:
            assert not looks_like_dicom(raw), path.name
            continue
        ours = read_dicom(raw)
        assert (ours.problem is not None) == (path.name in DAMAGED), path.name
        logging.disable(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = dict(pydicom.dcmread(path, force=True)._dict)
        logging.disable(logging.NOTSET)
        assert {int(tag) for tag in theirs} == set(ours.top), path.name
        for tag, element in theirs.items():
            one = ours.top[int(tag)]
            compared += 1
            if isinstance(element, RawDataElement):
                assert element.value_tell == one.value, (path.name, tag)
                if element.value is not None:
                    assert element.value == ours.body[one.value : one.end], (path.name, tag)
                assert ours.syntax.implicit or not one.vr or one.vr == element.VR, (path.name, tag)
            elif element.VR == "SQ":
                index = ours.elements.index(one)
                items = [each for each in ours.elements if each.parent == index and each.tag == ITEM]
                assert len(items) == len(element.value), (path.name, tag)
    assert compared > 8000


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG, DEFLATED])
@pytest.mark.parametrize("undefined", [False, True])
def test_every_syntax_and_both_kinds_of_sequences(syntax: str, undefined: bool) -> None:
    inner: Items = {(0x00081155, "UI"): "1.2.3", (0x00081140, "SQ"): [{(0x00081150, "UI"): "1.2"}]}
    items: Items = {(0x00081140, "SQ"): [inner, {(0x00081155, "UI"): "1.2.4"}], (0x00280010, "US"): 512}
    found = read_dicom(Image(syntax=syntax, items=items, undefined=undefined, pixels=b"\1\2").write())
    assert found.problem is None
    assert found.number(0x00280010) == 512
    paths = [found.path(place) for place, one in enumerate(found.elements) if one.tag == 0x00081155]
    assert paths == ["(0008,1140)[1](0008,1155)", "(0008,1140)[2](0008,1155)"]
    deepest = next(place for place, one in enumerate(found.elements) if one.tag == 0x00081150)
    assert found.path(deepest) == "(0008,1140)[1](0008,1140)[1](0008,1150)"
    assert found.path(found.at(found.elements[deepest].value)) == found.path(deepest)


def test_an_error_names_the_byte_and_keeps_what_came_before() -> None:
    whole = Image(items={(0x00100010, "PN"): "A"}, pixels=b"\0" * 100).write()
    found = read_dicom(whole[:-10])
    assert isinstance(found.problem, DicomError)
    assert whole[found.problem.offset :].startswith(b"\xe0\x7f\x10\x00OW")
    assert found.text(0x00100010) == "A"
    with pytest.raises(DicomError, match="byte 0"):
        read_dicom(b"no image at all, nothing to read")


def test_what_was_appended_is_outside() -> None:
    whole = Image(pixels=b"\0\1").write()
    assert read_dicom(whole).end == len(whole)
    assert read_dicom(whole + b"\0" * 6).end <= len(whole)


def test_limits_are_told() -> None:
    deep = Image(raw=b"\x40\0\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 10_000).write()
    found = read_dicom(deep)
    assert isinstance(found.problem, DicomLimitError)
    assert len(found.elements) < 4 * MAX_DEPTH
    bomb = Image(syntax=DEFLATED, pixels=bytes(1 << 20)).write()
    small = read_dicom(bomb, inflated=1000)
    assert isinstance(small.problem, DicomLimitError)
    assert len(small.body) == 1000


def test_fragments_are_elements_of_the_pixel_data() -> None:
    found = read_dicom(Image(syntax="1.2.840.10008.1.2.4.50", fragments=(b"ab", b"cd"), table=b"\0" * 4).write())
    parts = [found.body[one.value : one.end] for one in found.elements if one.tag == ITEM]
    assert parts == [b"\0" * 4, b"ab", b"cd"]
    assert codec(found.syntax.uid) == "jpeg"


def test_frames_begin_and_end_as_their_codec_says() -> None:
    for kind, frame in (("jpeg", jpeg(b"note")), ("jpeg-2000", jpeg_2000())):
        assert begins(kind, frame)
        assert not begins(kind, b"MZ" + frame)
        whole = frame + b"tail"
        segments = list(markers(kind, whole, 0, len(whole)))
        assert ends(kind, whole, 0, len(whole), segments) == len(frame)
        assert size(kind, whole, segments) == 64
    frame = jpeg(b"note")
    assert [frame[first:last] for first, last in notes("jpeg", markers("jpeg", frame, 0, len(frame)))] == [b"note"]


@given(st.sampled_from(["jpeg", "jpeg-2000", "rle"]), st.integers(0, 200), st.binary(max_size=40))
def test_damaged_frames_stay_within_their_bounds(kind: str, place: int, noise: bytes) -> None:
    frame = bytearray({"jpeg": jpeg(b"note"), "jpeg-2000": jpeg_2000()}.get(kind, b"\1\0\0\0"))
    frame[place % len(frame) : place % len(frame) + len(noise)] = noise
    raw = bytes(frame)
    segments = list(markers(kind, raw, 0, len(raw)))
    assert all(0 <= last <= len(raw) for _, _, last in segments)
    assert 0 <= ends(kind, raw, 0, len(raw), segments) <= len(raw)
    assert size(kind, raw, segments) >= 0


@given(st.binary(max_size=600))
def test_no_bytes_raise_anything_but_the_declared_error(tail: bytes) -> None:
    for head in (
        b"",
        bytes(128) + b"DICM",
        Image().head(),
        Image(syntax=IMPLICIT).head(),
        Image(syntax=DEFLATED).head(),
    ):
        try:
            found = read_dicom(head + tail)
        except DicomError:
            continue
        assert 0 <= found.end <= len(found.data)
        for place, one in enumerate(found.elements):
            assert 0 <= one.start <= one.value <= len(found.body)
            assert one.parent < place
            assert found.path(place)


@given(st.data())
def test_no_flipped_bytes_raise(data: st.DataObject) -> None:
    items: Items = {(0x00081140, "SQ"): [{(0x00081155, "UI"): "1.2.3"}], (0x00280010, "US"): 5}
    raw = bytearray(Image(items=items, undefined=data.draw(st.booleans()), pixels=bytes(20)).write())
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(132, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = read_dicom(bytes(raw))
    assert all(one.end <= len(found.body) for one in found.elements if one.length >= 0)


def test_tags_are_shown_as_people_write_them() -> None:
    assert shown(0x7FE00010) == "(7FE0,0010)"
    assert Writer(BIG).element(0x00280010, "US", 5)[:2] == struct.pack(">H", 0x28)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x02\x00\x00\x00\x01\x00\x00\x00\xaa\x19\x00\x00<?xml version='1.0'?><plist></plist>",  # printer settings
        b"\x08\x00\x05\x00\x00\x00\x00\x00",  # one element and nothing after it
        b"\x08\x00\x16\x00UI\x02\x001\x00\x08\x00\x05\x00CS\x00\x00",  # tags that fall
        bytes(64),
    ],
)
def test_what_only_begins_like_an_element_is_not_dicom(raw: bytes) -> None:
    assert not looks_like_dicom(raw)


def test_a_data_set_without_preamble_is_dicom_in_every_form() -> None:
    assert looks_like_dicom(b"\x08\x00\x05\x00CS\x02\x00AB\x08\x00\x16\x00UI\x02\x001\x00")
    assert looks_like_dicom(b"\x00\x08\x00\x05CS\x00\x02AB\x00\x08\x00\x16UI\x00\x021\x00")
    assert looks_like_dicom(b"\x08\x00\x05\x00\x02\x00\x00\x00AB\x08\x00\x16\x00\x02\x00\x00\x001\x00")
