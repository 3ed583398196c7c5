"""Medical files: how fast they are judged, how many attacks are found; beside pydicom, ClamAV and DicomLock.

Files: pydicom's own test files, made CT images of 512 x 512 with noise (0.5 MB each), made records with documents of
0.2 MB, and the published attack set. ClamAV is given one signature of EICAR at any offset. DicomLock is measured where
it can be imported (it installs a package called ``scanner``).
"""

from __future__ import annotations

import contextlib
import importlib
import io
import random
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pydicom

from safecare.examine.api import Verdicts
from safecare.examine.engine import Engine
from safecare.examine.medical.disarm import DisarmError, disarm
from safecare.formats.dicom import looks_like_dicom, read_dicom
from safecare.testing.bench import Row, Skipped, rate
from safecare.testing.medical_attacks import Sample, generate
from safecare.testing.medical_attacks.carriers import binary, cda, ed, fhir, non_xml, oru, reference
from safecare.testing.medical_attacks.payloads import EICAR, pdf
from safecare.testing.medical_attacks.writer import Image, Items

SIDE = 512
FOUND = (Verdicts.SUSPICIOUS, Verdicts.MALICIOUS)
DICOM, RECORDS = ("dicom",), ("hl7", "record", "fhir")


def rows() -> Iterable[Row | Skipped]:
    """Measure."""
    small = [path.read_bytes() for path in _pydicom_files()]
    small = [raw for raw in small if looks_like_dicom(raw)]
    images = _images(60)
    yield from _speed(small, images)
    yield from _records()
    samples = list(generate(1))
    yield from _attacks(samples)
    yield from _peers(samples, small)


def _speed(small: list[bytes], images: list[bytes]) -> Iterator[Row]:
    def each(act: Callable[[bytes], object], files: list[bytes]) -> Callable[[], int]:
        return lambda: sum(1 for raw in files if act(raw) or True)

    warnings.simplefilter("ignore")
    theirs = rate(each(lambda raw: pydicom.dcmread(io.BytesIO(raw), force=True), small))
    ours = rate(each(read_dicom, small))
    what = "structure read, pydicom's files"
    yield Row(what=what, figure=ours, unit="/s", peer=theirs, peer_name="pydicom.dcmread", note=f"{len(small)} files")
    structural = Engine(only=DICOM)
    figure = rate(each(structural.judge, small))
    yield Row(
        what="judged by structure, the same",
        figure=figure,
        unit="/s",
        target=3000,
        peer=theirs,
        peer_name="pydicom, reading only",
    )
    figure = rate(each(structural.judge, images))
    yield Row(what="judged by structure, CT images of 0.5 MB", figure=figure, unit="/s")
    whole = Engine()
    mixed = small + images
    size = sum(map(len, mixed)) / 1e6
    figure = rate(each(whole.judge, mixed), 3)
    yield Row(
        what="judged in full (hash, YARA over every byte), both",
        figure=figure,
        unit="/s",
        target=600,
        note=f"{len(mixed)} files",
    )
    speed = figure / len(mixed) * size
    yield Row(what="the same", figure=speed, unit="MB/s", target=140, note=f"{size:.0f} MB")
    figure = rate(each(_disarmed, small))
    yield Row(what="disarmed, pydicom's files", figure=figure, unit="/s", target=500)


def _records() -> Iterator[Row]:
    document = pdf("", random.Random(1).randbytes(150_000).hex().encode()[:200_000])
    made = [oru(ed(document)), cda(non_xml(document, wrap=76)), fhir(binary(document)), fhir(reference(document))]
    files = made * 5
    size = sum(map(len, files)) / 1e6
    for only, target in ((RECORDS, 80.0), ((), None)):
        engine = Engine(only=only)
        figure = rate(lambda engine=engine: sum(1 for raw in files if engine.judge(raw)), 2) / len(files) * size  # type: ignore[misc]
        what = "records opened and judged" if only else "the same, and the PDF in each judged in full"
        yield Row(what=what, figure=figure, unit="MB/s", target=target, note="HL7 v2, CDA, FHIR")


def _attacks(samples: list[Sample]) -> Iterator[Row]:
    engine = Engine()
    found: dict[str, list[bool]] = {"attack": [], "benign": [], "malformed": []}
    slowest = 0.0
    for sample in samples:
        started = time.process_time()
        verdict = engine.judge(sample.raw, sample.name).verdict
        slowest = max(slowest, time.process_time() - started)
        good = verdict in FOUND if sample.label == "attack" else verdict is not Verdicts.CLEAN
        found[sample.label].append(good)
    for family in ("dicom", "hl7", "cda", "fhir", "mail"):
        attacks = [one for one in samples if one.label == "attack"]
        hits = [good for one, good in zip(attacks, found["attack"], strict=True) if one.family == family]
        yield Row(what=f"attacks found: {family}", figure=sum(hits), unit="", target=len(hits), note=f"of {len(hits)}")
    yield Row(
        what="honest twins flagged",
        figure=sum(found["benign"]),
        unit="",
        better="less",
        target=0,
        note=f"of {len(found['benign'])}",
    )
    yield Row(
        what="damaged files not called clean", figure=sum(found["malformed"]), unit="", target=len(found["malformed"])
    )
    yield Row(what="slowest file of the set, bombs included", figure=slowest, unit="s", better="less", target=1.0)
    flagged = [path.name for path in _pydicom_files() if engine.judge(path.read_bytes(), path.name).verdict in FOUND]
    yield Row(
        what="pydicom's files flagged", figure=len(flagged), unit="", better="less", target=2, note=", ".join(flagged)
    )


def _peers(samples: list[Sample], small: list[bytes]) -> Iterator[Row | Skipped]:
    attacks = [one for one in samples if one.label == "attack" and len(one.raw) < 3_000_000]
    with tempfile.TemporaryDirectory() as folder:
        for one in attacks:
            Path(folder, one.name).write_bytes(one.raw)
        yield _clamav(Path(folder), len(attacks)) or Skipped("ClamAV", "clamscan is not installed")
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                pipeline: Any = importlib.import_module("scanner.pipeline")
        except ImportError:
            yield Skipped("DicomLock", "not installed")
            return
        dicom = [str(Path(folder, one.name)) for one in attacks if one.family == "dicom"]
        yield Row(
            what="DicomLock: DICOM attacks found", figure=_dicomlock(pipeline, dicom), unit="", note=f"of {len(dicom)}"
        )
        valid = [str(path) for path in _pydicom_files() if looks_like_dicom(path.read_bytes())]
        started = time.process_time()
        flagged = _dicomlock(pipeline, valid)
        spent = time.process_time() - started
        yield Row(what="DicomLock: pydicom's files flagged", figure=flagged, unit="", note=f"of {len(valid)}")
        yield Row(what="DicomLock: judged, pydicom's files", figure=len(valid) / spent, unit="/s")


def _dicomlock(pipeline: Any, paths: list[str]) -> int:
    found = 0
    for path in paths:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                found += bool(pipeline.is_dangerous(pipeline.run_security_scan(path)))
        except Exception:  # noqa: BLE001 - what it can't read it did not find
            continue
    return found


def _clamav(folder: Path, count: int) -> Row | None:
    program = shutil.which("clamscan")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as base:
        (Path(base) / "eicar.ndb").write_text(f"Test:0:*:{EICAR.hex()}\n")
        done = subprocess.run(
            [program, "-d", base, "-r", "-i", str(folder)], capture_output=True, text=True, check=False
        )
    hits = sum(line.endswith("FOUND") for line in done.stdout.splitlines())
    return Row(what="ClamAV (signature of EICAR): attacks found", figure=hits, unit="", note=f"of {count}")


def _disarmed(raw: bytes) -> bool:
    try:
        return bool(disarm(raw))
    except DisarmError:
        return False


def _pydicom_files() -> list[Path]:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _images(count: int) -> list[bytes]:
    """Return CT images of noise: the worst case for a search through every byte."""
    rng = random.Random(1)
    items: Items = {
        (0x00280010, "US"): SIDE,
        (0x00280011, "US"): SIDE,
        (0x00280100, "US"): 16,
        (0x00280002, "US"): 1,
        (0x00100010, "PN"): "EXEMPLE^ALIX",
        (0x00080060, "CS"): "CT",
    }
    made = []
    for number in range(count):
        voxels = bytearray(rng.randbytes(2 * SIDE * SIDE))
        voxels[1::2] = bytes(one & 0x0F for one in voxels[1::2])  # 12 bits
        made.append(Image(items=items, instance=f"1.2.{number}", pixels=bytes(voxels)).write())
    return made
