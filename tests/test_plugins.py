"""Every part (detector, source, channel) is found by itself, explained, and tested."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import sys
import types
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from safecare.detect.api import detectors
from safecare.model.plugins import discover
from safecare.notify.api import channels
from safecare.sources.api import sources
from safecare.testing.cases import cases, folder_name, load

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "safecare"
UNITS = re.compile(
    r"seconds?|minutes?|hours?|days?|metres?|pixels?|degrees?|kelvin|percent|%|share|ratio|probability|0-1|0-100|severity"
    r"|number|how many|times|count|bytes|characters|deviations|per hour"
    r"|(events|alerts|people|addresses|ports|hosts|messages|mails|appointments|readings?|doors|holders|refusals|targets)"
)
"""Words that tell what a number counts or measures."""

DETECTORS = detectors().parts
PARTS = {**DETECTORS, **sources().parts, **channels().parts}


def ours(parts: dict[str, type]) -> list[Any]:
    return [pytest.param(kind, id=name) for name, kind in parts.items() if kind.__module__.startswith("safecare.")]


def field_texts(kind: type) -> dict[str, str]:
    """What the class says about its fields: its docstring, and the string below each field."""
    body = ast.parse(inspect.getsource(sys.modules[kind.__module__])).body
    [tree] = [node for node in body if isinstance(node, ast.ClassDef) and node.name == kind.__name__]
    found: dict[str, str] = {}
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            said = after.value if isinstance(after, ast.Expr) else None
            text = said.value if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""
            found[node.target.id] = text
    return found


@pytest.mark.parametrize("kind", ours(PARTS))
def test_part_has_docstrings(kind: type) -> None:
    module = sys.modules[kind.__module__]
    assert (module.__doc__ or "").strip(), f"{module.__name__} has no docstring"
    doc = inspect.getdoc(kind) or ""
    generated = f"{kind.__name__}("
    assert doc, f"{kind.__qualname__} has no docstring"
    assert not doc.startswith(generated), f"{kind.__qualname__} has no docstring of its own"


@pytest.mark.parametrize("kind", ours(DETECTORS))
def test_detector_names_its_source(kind: type) -> None:
    doc = sys.modules[kind.__module__].__doc__ or ""
    assert any(line.startswith("Source:") and line[7:].strip() for line in doc.splitlines()), (
        f"the docstring of {kind.__module__} has no line that starts with 'Source:'"
    )


@pytest.mark.parametrize("kind", ours(DETECTORS))
def test_detector_tells_units_of_its_settings(kind: type) -> None:
    hints, texts = get_type_hints(kind), field_texts(kind)
    for field in dataclasses.fields(kind):
        if not field.init or field.name == "hospital":
            continue
        said = texts.get(field.name, "")
        in_class = inspect.getdoc(kind) or ""
        assert said or f"`{field.name}`" in in_class, f"{kind.__qualname__}.{field.name} has no docstring"
        if hints[field.name] in (int, float, int | None, float | None):
            whole = f"{said} {in_class}".lower()
            assert UNITS.search(whole), f"{kind.__qualname__}.{field.name} has no unit"


@pytest.mark.parametrize("kind", ours(DETECTORS))
def test_detector_state_has_types_that_can_be_saved(kind: type) -> None:
    for field in dataclasses.fields(kind):
        if not field.init:
            msgspec.msgpack.Decoder(get_type_hints(kind)[field.name])
            fresh = None if field.default_factory is dataclasses.MISSING else field.default_factory()
            assert not isinstance(fresh, defaultdict), (
                f"{kind.__qualname__}.{field.name} would come back as a plain dict"
            )


@pytest.mark.parametrize("kind", ours(PARTS))
def test_part_has_a_mirror_test(kind: type) -> None:
    path = Path(inspect.getfile(kind)).relative_to(SOURCE)
    folder = TESTS / path.parent
    near = [*folder.glob("test_*.py"), *folder.parent.glob(f"test_*{path.parent.name}*.py")]
    found = [test for test in near if test.stem == f"test_{path.stem}" or mentions(test, kind)]
    assert found, (
        f"no test in {folder.relative_to(TESTS.parent)} is called after {path.stem} or speaks of {kind.__name__}"
    )


def mentions(test: Path, kind: Any) -> bool:
    return kind.__name__ in (text := test.read_text("utf-8")) or kind.__module__ in text


@pytest.mark.parametrize("kind", ours(DETECTORS))
def test_detector_has_a_positive_and_a_negative_case(kind: Any) -> None:
    folder = TESTS / "cases" / folder_name(kind.name)
    quiet = {load(case).expect.quiet for case in cases(TESTS / "cases") if case.parent == folder}
    assert quiet == {True, False}, (
        f"{folder.relative_to(TESTS.parent)} has no case that must {'not ' if False in quiet else ''}alert"
    )


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """A package of ours with one good module and one whose import fails."""
    folder = tmp_path / "rooms_for_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "good.py").write_text("class Good:\n    part_name = 'good'\n    needs = ()\n")
    (folder / "broken.py").write_text("import a_library_that_nobody_has\n")
    (folder / "lacking.py").write_text(
        "class Lacking:\n    part_name = 'lacking'\n    needs = ('program:nobody-has-this',)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import rooms_for_test  # type: ignore[import-not-found]

    yield rooms_for_test
    for name in [name for name in sys.modules if name.partition(".")[0] in ("rooms_for_test", "outside_for_test")]:
        del sys.modules[name]


def distribution(folder: Path, module: str, code: str, value: str) -> None:
    """An installed package of somebody else with one entry point."""
    (folder / f"{module}.py").write_text(code)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[test.parts]\noutside = {value}\n")


def test_discover_tells_who_stepped_aside(package: types.ModuleType) -> None:
    found = discover(package, "part_name", "test.parts")
    assert list(found.parts) == ["good"]
    reasons = {missing.name: missing.reason for missing in found.missing}
    assert "a_library_that_nobody_has" in reasons["rooms_for_test.broken"]
    assert reasons["lacking"] == "program nobody-has-this is not installed"


@pytest.mark.parametrize("value", ["outside_for_test", "outside_for_test:Outside"])
def test_discover_finds_parts_of_other_packages(package: types.ModuleType, tmp_path: Path, value: str) -> None:
    distribution(tmp_path, "outside_for_test", "class Outside:\n    part_name = 'outside'\n    needs = ()\n", value)
    found = discover(package, "part_name", "test.parts")
    assert list(found.parts) == ["good", "outside"]


def test_discover_survives_a_foreign_package_that_fails(package: types.ModuleType, tmp_path: Path) -> None:
    distribution(tmp_path, "outside_for_test", "raise RuntimeError('out of order')\n", "outside_for_test")
    found = discover(package, "part_name", "test.parts")
    assert list(found.parts) == ["good"]
    assert "RuntimeError: out of order" in {missing.reason for missing in found.missing}


def test_discover_refuses_two_parts_of_one_name(package: types.ModuleType, tmp_path: Path) -> None:
    distribution(
        tmp_path, "outside_for_test", "class Other:\n    part_name = 'good'\n    needs = ()\n", "outside_for_test"
    )
    with pytest.raises(ValueError, match="two parts are called good"):
        discover(package, "part_name", "test.parts")
