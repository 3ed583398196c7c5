"""Convert and install: ``python -m default_model PACKAGE.tgz``. Ends with 1, without a change, if anything is off."""

from __future__ import annotations

import hashlib
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from default_model.convert import convert, convert_pose
from safecare.sources.camera.models import add, installed_folder

PACKAGE = "425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7"
"""SHA-256 of the package @vladmandic/human 3.3.6."""


class Made(NamedTuple):
    """A model of the package: its name there, the converter, the SHA-256 of what must come of it, and its card."""

    name: str
    convert: Callable[[Path], bytes]
    sha256: str
    card: dict[str, Any]


MODELS = (
    Made(
        "centernet",
        convert,
        "7bc8a9e592fd0f7f26133a0ecb8a23d7f19eb6225acddc0b2e001bcd5ab1fce4",
        {
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
        },
    ),
    Made(
        "movenet-lightning",
        convert_pose,
        "bbe25386435022b3ddce3d6dc43a7d52a505b0eff931d23137c880f7a52b887d",
        {
            "name": "movenet-lightning",
            "file": "movenet-lightning.onnx",
            "family": "movenet",
            "width": 192,
            "height": 192,
            "labels": ["person"],
            "threshold": 0.25,
            "preference": 10,
            "licence": "Apache-2.0 (Google)",
            "origin": "npm package @vladmandic/human 3.3.6, models/movenet-lightning; MoveNet SinglePose Lightning 4",
        },
    ),
)
NOTE = (
    "default models: people in video are found by CenterNet-MobileNetV3, and how somebody lies is told by MoveNet "
    "(Apache-2.0, Google), both out of @vladmandic/human 3.3.6 (MIT licence of the package; the first one's "
    "trainer states none). They stay on this machine; `safecare models list` tells more."
)


def main() -> int:
    """Return the exit code."""
    raw = Path(sys.argv[1]).read_bytes()
    if hashlib.sha256(raw).hexdigest() != PACKAGE:
        print("default model: the package is not the one that was checked", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, tarfile.open(sys.argv[1]) as package:
        made = {one.name: _made(package, Path(folder), one) for one in MODELS}
        for one in MODELS:
            model = made[one.name]
            if model is None or hashlib.sha256(model).hexdigest() != one.sha256:
                print(f"default model: {one.name}: the package lacks it, or it gave other bytes", file=sys.stderr)
                return 1
        for one in MODELS:
            file = Path(folder) / str(one.card["file"])
            file.write_bytes(made[one.name] or b"")
            add(file, one.card, installed_folder())
    print(NOTE, file=sys.stderr)
    return 0


def _made(package: tarfile.TarFile, folder: Path, one: Made) -> bytes | None:
    """Return what the model `one` of `package` becomes; None where it is not there."""
    for ending in ("json", "bin"):
        member = package.extractfile(f"package/models/{one.name}.{ending}")
        if member is None:
            return None
        (folder / f"{one.name}.{ending}").write_bytes(member.read())
    return one.convert(folder / f"{one.name}.json")


if __name__ == "__main__":
    sys.exit(main())
