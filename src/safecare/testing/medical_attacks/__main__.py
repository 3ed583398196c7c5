"""``python -m safecare.testing.medical_attacks FOLDER [--seed N]``: write the set."""

from __future__ import annotations

import argparse
from pathlib import Path

from safecare.testing.medical_attacks import VERSION, write


def main() -> None:
    """Read the arguments and write."""
    parser = argparse.ArgumentParser(prog="python -m safecare.testing.medical_attacks", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    print(f"{write(told.folder, told.seed)} files, version {VERSION}, seed {told.seed}: {told.folder / 'labels.json'}")


if __name__ == "__main__":
    main()
