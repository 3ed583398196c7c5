"""``python -m safecare.testing.medical_attacks FOLDER [--seed N] [--version N]``: write the set."""

from __future__ import annotations

import argparse
from pathlib import Path

from safecare.testing.medical_attacks import VERSION, write


def main() -> None:
    """Read the arguments and write."""
    parser = argparse.ArgumentParser(prog="python -m safecare.testing.medical_attacks", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--version", type=int, default=VERSION, choices=range(1, VERSION + 1))
    told = parser.parse_args()
    count, labels = write(told.folder, told.seed, told.version), told.folder / "labels.json"
    print(f"{count} files, version {told.version}, seed {told.seed}: {labels}")


if __name__ == "__main__":
    main()
