"""Digital signatures: what DCMTK signed holds, what our own signer signs too, and no changed bit of either."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecare.formats.dicom import read_dicom
from safecare.formats.dicom.signatures import MOST, MOST_PIECES, Signature, signatures
from safecare.testing.medical_attacks.signer import signed
from safecare.testing.medical_attacks.writer import BIG, EXPLICIT, IMPLICIT, JPEG, Image, Items

DCMTK = zlib.decompress(
    base64.b64decode(
        "eNrFUmtoVEcUPjP3urssu3FN4m4IjV0fWKswnJn7ppg22Y1mcdMYb7bdJLQLYuuf4gPjIyo2LdRUtIYWwReCohYVQf+rVMH8SKu2FkFaqYitVT"
        "EqQktRcdeZdQsqQcE/Dhy+O3POPd/3nRmA17vSmVQblZjL6nBSIgUC7c0K5SJUYi5TD5wJ5prIOCK6zGKcmTLkqcxrsoKBYMJihvBcRMewbM+1"
        "XNsWnvAs2+Se41qcW2hzR3jcZZxCTP4Vf66v2pnMQgrVMvtGOSscmyFzhIHIkRlMhc0cyVsDfmsM2mfNyviFdKqtc07BsJ1kCOIvURyCuldQHI"
        "L3xvkdANPkWIoluBKRGILcuFxGV1yjnBnSYwzmvh+BlnxL29xsy8dN2Uy+2E5A9emu9Jmn5qyPgZxfnrj+ormAPh5SfkD6bhKWDXoSmjprQTlW"
        "npRCxXjl8yehbrEkl2KBCpsucfGiT/j/370rF4ti6Y9y/kHpQamsjFaU0WeVAcll3FHvRM3WNYRhCKmVoyen7XiWY7kOWsx2hWc6qhNJd9aDQG"
        "FzLmTG4uaTrIMzpE3pLkZSfhXkLfQK3POMgp+ZnZSeiXKyhADgl+QzGTW7NUoorU19deThnb8v9QwPfnj76PwB7Nr9qB3DgdD09a3nZuoaxQgP"
        "Yyig5XQtQjpxQiL6NHV3ImqorVnZPlfdhTWBYLkTJZWWGglqzaA3Xh+5T37u7983NbS3OjxtYCHu+an6P3vjL5uCh6EYi6z5c6D3Lvn6+8v9me"
        "DSbw4c/aBv+tJlx74IdU+813H+dmPvXh87sEESNVTpcb12Snb/nilrd50+eGh5/F5204SRcF0C31TpyXodxvtHLxirCmoIKeljUJPwtG9tNmCa"
        "Jnv8qviZnuiwn7jVNC/2+6/apA0Xdgwe3nnxlLFvw0j0O5qMDp9c/9bUi8GrUfPqtxtvBhakV63bvPWHOeMxFX6X9v4lX1h59q3y+rGFJln+37"
        "7GRMEcvHS+77fVQ5/eOV5PD+ofnX2bHskdsnYeoBPhnBdt6Fp3prj/2q5t21ccb7625Z8b98+eKP04lNcuLxl6Bx4DUtwg3w=="
    )
)
"""A data set with a sequence and two fragments, signed by ``dcmsign +m2`` of DCMTK 3.6.7 (ECDSA, P-256, SHA-256)."""
ITEMS: Items = {
    (0x00080060, "CS"): "CT",
    (0x00081140, "SQ"): [{(0x00081155, "UI"): "1.2", (0x0040A170, "SQ"): [{(0x00080100, "SH"): "1"}]}, {}],
    (0x00100010, "PN"): "EXEMPLE^ALIX",
    (0x00100020, "LO"): "T000042",
    (0x7FE00010, "OW"): b"\1\2\3\4",
}


def one(raw: bytes) -> Signature:
    (found,) = signatures(read_dicom(raw))
    return found


def test_what_dcmtk_signed_holds_and_a_changed_bit_of_it_does_not() -> None:
    found = one(DCMTK)
    assert (found.state, found.signer, found.place) == ("intact", "T", "(FFFA,FFFA)[1]")
    assert 0x7FE00010 in found.tags
    for before, after in ((b"ALIX", b"ALEX"), (b"two2", b"two3"), (b"1.3\0", b"1.4\0"), (b"20261127", b"20261128")):
        assert before in DCMTK
        assert one(DCMTK.replace(before, after, 1)).state == "broken"


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_our_signer_and_our_check_agree_however_lengths_are_written(algorithm: str) -> None:
    items = signed(ITEMS, "a", algorithm)
    assert {one(Image(items=items, undefined=each).write()).state for each in (True, False)} == {"intact"}
    assert one(Image(items={**items, (0x00104000, "LT"): "not signed"}).write()).state == "intact"


def test_what_is_gone_or_added_within_breaks_it() -> None:
    items = signed(ITEMS, "a")
    gone = {key: value for key, value in items.items() if key != (0x00100020, "LO")}
    more: Items = {**items, (0x00081140, "SQ"): [{(0x00081155, "UI"): "1.2"}, {}, {}]}
    assert {one(Image(items=each).write()).state for each in (gone, more)} == {"broken"}


def test_what_can_not_be_checked_says_why() -> None:
    items = signed(ITEMS, "a")
    for raw, reason in (
        (Image(items=signed(ITEMS, "a", said="RIPEMD160")).write(), "algorithm"),
        (Image(items=items, syntax=IMPLICIT).write(), "syntax"),
        (Image(items=items, syntax=BIG).write(), "syntax"),
        (Image(items=signed(ITEMS, "a", syntax=JPEG)).write(), "syntax"),
        (Image(items={key: each for key, each in items.items() if key[0] != 0x4FFE0001}).write(), "incomplete"),
        (Image(items=signed({**ITEMS, (0x00091001, "UN"): b"12"}, "a")).write(), "elements"),
        (Image(items=items).write().replace(b"\x30\x82", b"\x31\x82"), "certificate"),
    ):
        found = one(raw)
        assert (found.state, found.reason) == ("unchecked", reason)


def test_only_so_many_are_checked_and_a_file_without_has_none() -> None:
    items = signed(ITEMS, "a")
    held = items[0xFFFAFFFA, "SQ"]
    assert isinstance(held, list)
    many: Items = {**items, (0xFFFAFFFA, "SQ"): held * (MOST + 5)}
    assert len(list(signatures(read_dicom(Image(items=many).write())))) == MOST
    assert not list(signatures(read_dicom(Image(items=ITEMS).write())))


def test_a_list_that_names_a_long_sequence_again_and_again_is_left_unchecked() -> None:
    items = signed({**ITEMS, (0x0040A730, "SQ"): [{}] * 2000}, "a")
    named = b"\x40\x00\x30\xa7"
    assert one(Image(items=items).write()).state == "intact"
    held = items[0x4FFE0001, "SQ"]
    assert isinstance(held, list)
    (mac,) = held
    items[0x4FFE0001, "SQ"] = [{**mac, (0x04000020, "AT"): named * (MOST_PIECES // 2000)}]
    found = one(Image(items=items).write())
    assert (found.state, found.reason) == ("unchecked", "limit")


@given(st.data())
def test_no_byte_that_is_signed_can_be_changed_unseen(data: st.DataObject) -> None:
    raw = Image(items=signed(ITEMS, "a"), syntax=EXPLICIT).write()
    found = read_dicom(raw)
    tags = one(raw).tags
    places = [
        at for each in found.elements if each.tag in tags and each.vr != "SQ" for at in range(each.value, each.end)
    ]
    at = data.draw(st.sampled_from(places))
    changed = bytearray(raw)
    changed[at] ^= data.draw(st.integers(1, 255))
    assert one(bytes(changed)).state == "broken"
