"""Runs all golden cases, whole and cut at every place."""

from pathlib import Path

import pytest

from safecare.testing.cases import Case, cases, load

ROOT = Path(__file__).parents[1] / "cases"
FOLDERS = cases(ROOT)
MOST_CUTS = 40


def name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_raises_what_is_expected_and_nothing_else(folder: Path) -> None:
    load(folder).check()


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_goes_on_after_a_crash_anywhere(folder: Path) -> None:
    case: Case = load(folder)
    whole = case.raised()
    step = max(1, len(case.events) // MOST_CUTS)
    for cut in range(1, len(case.events), step):
        assert case.raised(batch=50, cut=cut) == whole, f"state saved and restored after event {cut} changes the alerts"


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_tells_purpose_and_origin(folder: Path) -> None:
    assert (folder / "README.md").read_text("utf-8").strip()


def test_every_folder_below_cases_is_a_case() -> None:
    odd = [path for path in ROOT.glob("*/*") if path.is_dir() and path not in FOLDERS]
    assert not odd, f"no expect.yaml in {odd}"
