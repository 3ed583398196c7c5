"""The documents say what the code says: settings, commands, parts, links, and the same in both languages."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shlex
import sys
import types
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from safecare.cli import COMMANDS
from safecare.decide.playbook import named_playbooks, read_playbook
from safecare.decide.procedures.compile import read_procedure
from safecare.detect.api import detectors
from safecare.model.event import Event
from safecare.model.events.doors import BadgeDenied
from safecare.model.ids import AssetId, IncidentId, NoticeId, SiteId
from safecare.model.notice import Notice
from safecare.model.roles import ROLES
from safecare.model.text import say
from safecare.notify.api import channels
from safecare.scenarios import script
from safecare.settings import Settings
from safecare.sources.api import UnreadableError, sources
from safecare.testing.clock import START, FakeClock
from safecare.testing.intake import MemoryIntake

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LANGUAGES = ("en", "fr")
GUIDES = ("administrator", "analyst", "guard", "operator")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "tests" / "cases").rglob("*.md")])
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)")
OWN = [name for name, kind in detectors().parts.items() if kind.__module__.startswith("safecare.")]
MOST_LINES = 170
"""Chosen: what a newcomer reads at one sitting; all else stands in docs/reference."""
MOST_SETTINGS = 60
"""A person can know so many; beyond, settings would want to be files of the hospital."""


def leaves(kind: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield name (with points) and default of every setting that is not a table of further settings."""
    for field in msgspec.structs.fields(kind):
        name = f"{prefix}{field.encode_name}"
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from leaves(field.type, f"{name}.")
        else:
            default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
            yield name, default


def headings(text: str) -> list[str]:
    """Return the level (number of #) of every heading, in order."""
    return [line.split(" ")[0] for line in FENCE.sub("", text).splitlines() if re.match(r"#{1,6} ", line)]


def anchors(text: str) -> set[str]:
    """Return the names by which the headings of a page can be linked to."""
    titles = [line.lstrip("#").strip() for line in FENCE.sub("", text).splitlines() if re.match(r"#{1,6} ", line)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def read(place: str) -> str:
    return (ROOT / place).read_text("utf-8")


def guide(language: str) -> str:
    return "\n".join(read(f"docs/guide/{language}/{name}.md") for name in GUIDES)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]*)` \|", read("docs/reference/architecture.md"), re.MULTILINE))
    assert rows == {name: json.dumps(default) for name, default in leaves(Settings)}


def test_settings_stay_few() -> None:
    assert sum(1 for _ in leaves(Settings)) < MOST_SETTINGS


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_guide(command: str, language: str) -> None:
    assert f"safecare {command}" in guide(language)


def calls(page: Path) -> Iterator[list[str]]:
    """Yield the words after ``safecare`` of every call in a page: in code blocks, and in code within lines."""
    text = page.read_text("utf-8")
    lines = [line for block in FENCE.finditer(text) for line in block[0].replace("\\\n", " ").splitlines()]
    for line in [*lines, *re.findall(r"`([^`\n]*safecare [a-z][^`\n]*)`", FENCE.sub("", text))]:
        if found := re.search(r"(?:^|[\s/])safecare ([a-z].*)", line):
            yield shlex.split(found[1], comments=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_calls_in_pages_name_commands_and_options_that_there_are(page: Path) -> None:
    for words in calls(page):
        beginnings = (" ".join(words[:count]) for count in (2, 1))
        name = next((one for one in beginnings if one in COMMANDS), None)
        if name is None:
            assert any(one.startswith(f"{words[0]} ") for one in COMMANDS), words  # a group of commands
            continue
        command: Any = typer.main.get_command(importlib.import_module(COMMANDS[name][0]).app)
        rest = words[len(name.split()) :]
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]
        known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
        asked = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert asked <= known, f"{' '.join(words)}: {asked - known}"


@pytest.mark.parametrize("page", ["README.md", "README.fr.md"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str, page: str) -> None:
    assert f"`{command}`" in read(page)


def test_every_benchmark_has_its_page_and_every_page_its_row() -> None:
    folder = DOCS / "reference" / "benchmarks"
    pages = {path.name for path in folder.glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([a-z-]+\.md)\)", read("docs/reference/benchmarks/README.md"))) == pages
    named = set(
        re.findall(r"`[^`]*script/bench ([a-z]+)`", "".join((folder / page).read_text("utf-8") for page in pages))
    )
    assert named == {path.stem.removeprefix("bench_") for path in (ROOT / "tests" / "bench").glob("bench_*.py")}


def test_every_decision_is_listed_once() -> None:
    notes = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert LINK.findall(read("docs/decisions/README.md")) == notes
    assert len({name[:4] for name in notes}) == len(notes)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_in_the_guide(role: str, language: str) -> None:
    assert f"`{role}`" in guide(language)


@pytest.mark.parametrize("page", ["detections.md", "detections.fr.md"])
@pytest.mark.parametrize("name", OWN)
def test_every_detector_has_one_whole_row(name: str, page: str) -> None:
    [row] = re.findall(rf"^\| `{re.escape(name)}` \|.*\|$", read(f"docs/reference/{page}"), re.MULTILINE)
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert len(cells) == 4  # rule, reads, alerts when, measured
    assert all(cells)


@pytest.mark.parametrize("page", ["detections.md", "detections.fr.md"])
def test_no_row_is_of_a_detector_that_is_none(page: str) -> None:
    assert sorted(re.findall(r"^\| `([a-z0-9.-]+)` \|", read(f"docs/reference/{page}"), re.MULTILINE)) == sorted(OWN)


@pytest.mark.parametrize("page", ["README.md", "README.fr.md"])
def test_every_family_of_detectors_is_in_the_readme(page: str) -> None:
    named = re.findall(r"`([a-z0-9]+)\.\*`", read(page))
    assert sorted(named) == sorted({name.split(".")[0] for name in OWN})


@pytest.mark.parametrize("page", ["README.md", "README.fr.md"])
def test_the_readme_stays_short(page: str) -> None:
    assert len(read(page).splitlines()) <= MOST_LINES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "name", [name for found in (sources(), channels()) for name, kind in found.parts.items() if name != "files"]
)
def test_every_door_and_channel_is_in_the_guide(name: str, language: str) -> None:
    assert f"`{name}`" in guide(language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in sources().parts if name != "files"])
def test_every_setting_of_a_door_is_in_the_guide(name: str, language: str) -> None:
    row = re.findall(rf"^\| `{name}` \|.*$", read(f"docs/guide/{language}/administrator.md"), re.MULTILINE)[0]
    asked = {key: one.default for key, one in inspect.signature(sources().parts[name]).parameters.items()}
    given = {"data", "door", "held", "judging", "log", "positions", "vault"}  # by the platform
    assert asked.keys() - given == set(re.findall(r"`([a-z_]+)`", row.split("|")[3]))
    for key, default in asked.items():
        if isinstance(default, int | float) and default:
            value = json.dumps(default) if isinstance(default, bool) else f"{default:g}"
            assert f"`{key}` {value.replace('.', ',') if language == 'fr' else value}" in row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{page.relative_to(ROOT)}: nothing at {target}"
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found.read_text("utf-8")), f"{page.relative_to(ROOT)}: no heading at {target}"


@pytest.mark.parametrize("page", ["README", "docs/reference/detections", "docs/reference/limits"])
def test_pages_have_the_same_headings_and_rows_in_both_languages(page: str) -> None:
    english, french = read(f"{page}.md"), read(f"{page}.fr.md")
    assert headings(english) == headings(french)
    for start in ("|", "- "):
        assert sum(line.startswith(start) for line in english.splitlines()) == sum(
            line.startswith(start) for line in french.splitlines()
        )


@pytest.mark.parametrize("name", GUIDES)
def test_guide_has_the_same_headings_in_both_languages(name: str) -> None:
    assert headings(read(f"docs/guide/en/{name}.md")) == headings(read(f"docs/guide/fr/{name}.md"))


def test_guides_are_the_same_in_both_languages() -> None:
    found = {language: {path.name for path in (DOCS / "guide" / language).iterdir()} for language in LANGUAGES}
    assert found["en"] == found["fr"] == {f"{name}.md" for name in GUIDES}


def test_pictures_are_small_and_used() -> None:
    pages = "".join(page.read_text("utf-8") for page in PAGES)
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 300_000, f"{picture.name} is too large"
        assert f"images/{picture.name}" in pages, f"{picture.name} is used nowhere"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the worked example below the heading of architecture.md that ends with a word, and return it as a module."""

    def run(word: str) -> Any:
        module = types.ModuleType(f"example_{word}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(block(word, "python"), f"architecture.md: {word}", "exec"), module.__dict__)
        return module

    return run


def block(word: str, language: str) -> str:
    """Return the code that stands in architecture.md below the heading ``### A <word>``."""
    part = read("docs/reference/architecture.md").split(f"\n### A {word}\n")[1].split("\n### ")[0]
    return part.split(f"```{language}\n")[1].split("```")[0]


def refused(number: int) -> Event:
    at = START + timedelta(seconds=number)
    return BadgeDenied(
        id=Event.id_for(at, "test", ""), at=at, seen=at, source="test", site=SiteId("aurore"), asset=AssetId("door.x")
    )


def test_example_of_a_detector_works(example: Any) -> None:
    made = example("detector").DeniedAgain()
    assert made.name == "badge.denied"
    assert len(list(made.feed([refused(number) for number in range(7)]))) == 1
    assert not list(example("detector").DeniedAgain().feed([refused(1), refused(900), refused(1800)]))


def test_example_of_a_source_works(example: Any, tmp_path: Path) -> None:
    made, intake = example("source").DoorCsv("csv", tmp_path), MemoryIntake()
    assert made.source_name == "door-csv"
    [event] = made.decode(b"door.pharmacy,2026-03-17T02:10:00+01:00\n", {}, intake)
    assert (event.asset, event.kind) == ("door.pharmacy", "door.opened")
    with pytest.raises(UnreadableError, match="line 1"):
        made.decode(b"door.pharmacy,yesterday\n", {}, intake)


def test_example_of_a_channel_works(example: Any, tmp_path: Path) -> None:
    notice = Notice(
        id=NoticeId("n"),
        revision=1,
        incident=IncidentId("i"),
        site=SiteId("s"),
        at=START,
        role="guard",
        channel="spool",
        severity=50,
        title=say("title"),
        body=say("body"),
    )
    kind = example("channel").Spool
    outcomes = [
        kind(str(folder), lambda text, _: text.key, FakeClock()).send(notice)[0].outcome
        for folder in (tmp_path, tmp_path / "absent")
    ]
    assert (kind.channel_name, outcomes) == ("spool", ["sent", "failed"])
    assert (tmp_path / "n.txt").read_text("utf-8") == "guard: title\nbody\n"


def test_example_of_a_scenario_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(block("scenario", "yaml"), "utf-8")
    assert script.load(path).quiet


def test_example_of_a_playbook_can_be_read() -> None:
    assert read_playbook(block("playbook", "yaml"), "example").response.approvals == ("security", "clinical")


def test_the_procedure_of_the_architecture_page_can_be_read() -> None:
    one = read_procedure(block("procedure", "yaml"), "example", named_playbooks())
    assert one.when.services == ("imaging",)
