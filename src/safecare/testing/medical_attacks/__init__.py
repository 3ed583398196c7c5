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

from safecare.testing.medical_attacks import carrier_variants, carriers, dicom, variants, wider, wider_records
from safecare.testing.medical_attacks.sample import Label, Sample

__all__ = ["VERSION", "Label", "Sample", "generate", "write"]

VERSION = 3
"""Raised whenever any byte of the set changes for some seed. What a version added is made by families of its own."""
_SINCE = (
    (1, dicom.FAMILIES),
    (2, variants.FAMILIES),
    (1, carriers.FAMILIES),
    (2, carrier_variants.FAMILIES),
    (3, wider.FAMILIES),
    (3, wider_records.FAMILIES),
)
"""Families in the order of the set, each with the version that added it."""


def generate(seed: int = 1, version: int = VERSION) -> Iterator[Sample]:
    """Yield the set of a `version`; equal seeds and versions give equal bytes. Raises `ValueError` for unknown ones."""
    if not 1 <= version <= VERSION:
        raise ValueError(f"versions are 1 to {VERSION}, not {version}")
    for make in (make for since, families in _SINCE if since <= version for make in families):
        yield from make(random.Random(f"{seed}/{make.__module__}/{make.__name__}"))


def write(folder: Path, seed: int = 1, version: int = VERSION) -> int:
    """Write the set into `folder`, a file each and ``labels.json``; return the number of files."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = []
    for one in generate(seed, version):
        (folder / one.name).write_bytes(one.raw)
        told = {field: getattr(one, field) for field in ("name", "label", "family", "technique", "what", "twin")}
        labels.append({**told, "size": len(one.raw), "sha256": hashlib.sha256(one.raw).hexdigest()})
    table = {"version": version, "seed": seed, "files": labels}
    (folder / "labels.json").write_bytes(msgspec.json.format(msgspec.json.encode(table), indent=1))
    return len(labels)
