"""Disarming, on the whole published set and on attacks put together by chance: what stays is the same, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.medical.disarm import DisarmError, disarm
from safecare.examine.medical.private_safe import safe_private
from safecare.formats.dicom import Dicom, read_dicom
from safecare.formats.dicom.model import ITEM, PIXEL_DATA, TRAILING_PADDING
from safecare.testing.medical_attacks import generate
from safecare.testing.medical_attacks.dicom import image
from safecare.testing.medical_attacks.payloads import BINARIES, SCRIPTS, jpeg
from safecare.testing.medical_attacks.writer import BIG, DEFLATED, EXPLICIT, IMPLICIT, JPEG, ROOT, Image, Items, Writer

PAYLOADS = [*BINARIES.values(), *SCRIPTS.values()]
ENGINE = Engine()


def standard(found: Dicom) -> Iterator[tuple[tuple[int, ...], bytes]]:
    """Yield path and value of what no list may take out: standard elements outside of private sequences."""
    for one in found.elements:
        path, index, private = [one.tag], one.parent, one.tag >> 16 & 1
        while index >= 0:
            path.append(found.elements[index].tag)
            private |= found.elements[index].tag >> 16 & 1 and found.elements[index].tag >> 16 < 0xFFFE
            index = found.elements[index].parent
        within = any(each.parent >= 0 and found.elements[each.parent] is one for each in found.elements)
        if private or not one.tag & 0xFFFF or one.tag in (ITEM, TRAILING_PADDING) or within:
            continue
        yield tuple(path), found.body[one.value : one.end]


@pytest.mark.slow
def test_what_stays_of_the_published_set_is_the_same_bit_for_bit() -> None:
    done = clean = pixels = 0
    for sample in generate(1):
        if sample.family != "dicom" or len(sample.raw) > 20_000:
            continue
        try:
            result = disarm(sample.raw)
        except DisarmError:
            continue
        before, after = read_dicom(sample.raw), read_dicom(result.raw)
        assert after.problem is None, sample.name
        assert list(standard(before)) == list(standard(after)), sample.name
        if PIXEL_DATA in before.top:
            pixels += 1
            old, new = before.top[PIXEL_DATA], after.top[PIXEL_DATA]
            assert before.body[old.start : old.end] == after.body[new.start : new.end], sample.name
        safe = safe_private()
        for each in after.elements:
            group, number = each.tag >> 16, each.tag & 0xFFFF
            assert (
                not group & 1
                or group == 0xFFFF
                or number < 0x100
                or any((group, number & 0xFF) == one[1:] for one in safe)
            ), sample.name
        assert disarm(result.raw) == type(result)(result.raw), sample.name
        done += 1
        clean += ENGINE.judge(result.raw, sample.name).verdict is Verdicts.CLEAN
    assert done > 350
    assert pixels > 300
    assert clean > 150


def _nested(inner: Items) -> Items:
    return {(0x00081140, "SQ"): [{(0x00081155, "UI"): ROOT, **inner}, {(0x00081155, "UI"): ROOT}]}


@settings(max_examples=60)
@given(st.data())
def test_what_can_be_taken_out_leaves_no_trace(data: st.DataObject) -> None:
    syntax = data.draw(st.sampled_from([EXPLICIT, IMPLICIT, BIG, DEFLATED, JPEG]))
    undefined, seed = data.draw(st.booleans()), data.draw(st.integers(0, 1000))
    payload = st.sampled_from(PAYLOADS) | st.binary(max_size=300)

    def made(attack: bool) -> bytes:
        def private() -> Items:
            if not attack or not data.draw(st.booleans()):
                return {}
            group = data.draw(st.sampled_from([0x0009, 0x0019, 0x0029, 0x7FE1]))
            vr = data.draw(st.sampled_from(["OB", "UN"]))
            creator: Items = {(group << 16 | 0x10, "LO"): "AUTRE"} if data.draw(st.booleans()) else {}
            inner: Items = {**creator, (group << 16 | 0x1001, vr): data.draw(payload)}
            return {**creator, (group << 16 | 0x1002, "SQ"): [inner]} if data.draw(st.booleans()) else inner

        one: Image = image(random.Random(seed), syntax, items={**_nested(private()), **private()}, undefined=undefined)
        if syntax == JPEG:
            one.pixels, one.fragments = None, (jpeg(),)
        if attack:
            one.preamble = data.draw(payload)[:128]
            one.after = data.draw(payload)
            if data.draw(st.booleans()):
                one.meta = {(0x00020100, "UI"): ROOT, (0x00020102, "OB"): data.draw(payload)}
            if data.draw(st.booleans()):
                plain = syntax if syntax in (IMPLICIT, BIG) else EXPLICIT
                one.raw = Writer(plain).element(TRAILING_PADDING, "OB", data.draw(payload))
        return one.write()

    honest, attacked = made(attack=False), made(attack=True)
    try:
        result = disarm(attacked).raw
    except DisarmError:  # what stands behind reads as an element that is cut off: no reader can say what it is
        assert ENGINE.judge(attacked, "a.dcm").verdict is not Verdicts.CLEAN
        return
    if syntax == DEFLATED:  # packed anew
        assert read_dicom(result).body == read_dicom(honest).body
    else:
        assert result == disarm(honest).raw == honest
    assert ENGINE.judge(result, "a.dcm").verdict is Verdicts.CLEAN
