"""A published set of labelled, harmless attack files in DICOM, HL7 v2, CDA and FHIR, with benign twins.

`generate(seed)` gives the same bytes for the same seed and `VERSION`; ``python -m safecare.testing.medical_attacks
FOLDER`` writes them with ``labels.json``. Payloads are EICAR's text or inert (see `payloads`). Documented in
docs/reference/medical-attacks.md.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

from safecare.testing.medical_attacks import carrier_variants, carriers, dicom, variants
from safecare.testing.medical_attacks.sample import Label, Sample

__all__ = ["VERSION", "Label", "Sample", "generate", "write"]

VERSION = 2
"""Raised whenever any byte of the set changes for some seed."""


def generate(seed: int = 1) -> Iterator[Sample]:
    """Yield the set; equal seeds give equal bytes."""
    for make in (*dicom.FAMILIES, *variants.FAMILIES, *carriers.FAMILIES, *carrier_variants.FAMILIES):
        yield from make(random.Random(f"{seed}/{make.__module__}/{make.__name__}"))


def write(folder: Path, seed: int = 1) -> int:
    """Write the set into `folder`, a file each and ``labels.json``; return the number of files."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = []
    for one in generate(seed):
        (folder / one.name).write_bytes(one.raw)
        told = {field: getattr(one, field) for field in ("name", "label", "family", "technique", "what", "twin")}
        labels.append({**told, "size": len(one.raw), "sha256": hashlib.sha256(one.raw).hexdigest()})
    table = {"version": VERSION, "seed": seed, "files": labels}
    (folder / "labels.json").write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1))
    return len(labels)
