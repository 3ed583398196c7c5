"""Convert and install: ``python -m default_model PACKAGE.tgz``. Ends with 1, without a change, if anything is off."""

from __future__ import annotations

import hashlib
import sys
import tarfile
import tempfile
from pathlib import Path

from default_model.convert import convert
from safecare.sources.camera.models import add, installed_folder

PACKAGE = "425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7"
"""SHA-256 of the package @vladmandic/human 3.3.6."""
MODEL = "7bc8a9e592fd0f7f26133a0ecb8a23d7f19eb6225acddc0b2e001bcd5ab1fce4"
"""SHA-256 of the converted model: the same bytes on every machine."""
CARD = {
    "name": "centernet-person",
    "file": "centernet-person.onnx",
    "family": "centernet",
    "width": 352,
    "height": 256,
    "labels": ["person"],
    "threshold": 0.35,
    "preference": 10,
    "licence": "MIT, as its redistributor says (Vladimir Mandic); the trainer's own licence is not stated",
    "origin": "npm package @vladmandic/human 3.3.6, models/centernet; trained by 610265158 on MS COCO",
}
NOTE = (
    "default model: people in video are found by CenterNet-MobileNetV3 out of @vladmandic/human 3.3.6 (MIT licence of "
    "the package; the network's trainer states none). It stays on this machine; `safecare models list` tells more."
)


def main() -> int:
    """Return the exit code."""
    raw = Path(sys.argv[1]).read_bytes()
    if hashlib.sha256(raw).hexdigest() != PACKAGE:
        print("default model: the package is not the one that was checked", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, tarfile.open(sys.argv[1]) as package:
        for ending in ("json", "bin"):
            member = package.extractfile(f"package/models/centernet.{ending}")
            if member is None:
                print("default model: the package lacks it", file=sys.stderr)
                return 1
            (Path(folder) / f"centernet.{ending}").write_bytes(member.read())
        model = convert(Path(folder) / "centernet.json")
        if hashlib.sha256(model).hexdigest() != MODEL:
            print("default model: the conversion gave other bytes than it must", file=sys.stderr)
            return 1
        made = Path(folder) / "centernet-person.onnx"
        made.write_bytes(model)
        add(made, CARD, installed_folder())
    print(NOTE, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
