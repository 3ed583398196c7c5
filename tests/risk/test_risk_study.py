"""Risk studies: computed from the hospital, honest about what is not known, whole in every format."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pypdf
import pytest

from safecare import cli
from safecare.cascade.engine import Cascade
from safecare.locale.catalogue import Catalogue
from safecare.risk.origins import Origin, OriginError, origins, read_origins
from safecare.risk.study import Study, study
from safecare.risk.tables import Table, as_csv, as_page, as_pdf, as_workbook, tables
from safecare.testing.hospital import small_hospital

pytestmark = pytest.mark.slow

HOSPITAL = small_hospital()
ORIGIN = """
- id: one
  origin: {en: Somebody, fr: Quelqu'un}
  aim: {en: "=harm()", fr: Nuire}
  first: {%s}
  yearly: [%s]
"""


def origin(first: str, yearly: str = "0.1, 0.2, 0.4") -> tuple[Origin, ...]:
    return read_origins(ORIGIN % (first, yearly), "test")


@pytest.fixture(scope="module")
def found() -> Study:
    return study(Cascade.of(HOSPITAL), origins(), samples=60)


def test_scenarios_stand_by_risk_and_their_rates_are_those_of_their_harm(found: Study) -> None:
    assert found.scenarios
    levels = [one.level or 0 for one in found.scenarios]
    assert levels == sorted(levels, reverse=True)
    for one in found.scenarios:
        assert one.yearly == tuple(rate * one.probability for rate in one.origin.yearly)
        assert (one.level is None) == (one.probability == 0.0)
        assert all(effect.probability >= 0.02 for effect in one.services)


def test_every_service_has_its_feared_loss(found: Study) -> None:
    lost = {one.service for one in found.feared if one.criterion.key == "availability"}
    assert lost == {service.id for service in HOSPITAL.services}
    assert all(one.gravity is not None for one in found.feared if one.criterion.key == "availability")
    assert all(one.gravity is None for one in found.feared if one.hours < 1.0 and one.criterion.key != "availability")


def test_the_same_study_twice_is_the_same() -> None:
    cascade = Cascade.of(HOSPITAL)
    first = origin("groups: [utility], state: down, count: 0")
    assert study(cascade, first, samples=60) == study(cascade, first, samples=60)


def test_what_the_hospital_does_not_have_is_named_and_not_called_safe() -> None:
    found = study(Cascade.of(HOSPITAL), origin("kinds: [submarine], state: down"), samples=60)
    assert found.scenarios == ()
    assert [one.id for one in found.empty] == ["one"]
    told = tables(found, HOSPITAL, lambda text: text.key, "en")[-1]
    assert told.rows[0][0] == "=harm()"


@pytest.mark.parametrize(
    ("first", "yearly"),
    [
        ("state: down", "0.4, 0.2, 0.1"),
        ("state: down", ".nan, 1, 2"),
        ("state: down", "1, 2, .inf"),
        ("state: down", "-1, 2, 3"),
        ("state: down, count: -1", "0, 0, 0"),
        ("state: happy", "0, 0, 0"),
        ("", "0, 0, 0"),
    ],
)
def test_absurd_origins_are_refused_with_their_place(first: str, yearly: str) -> None:
    with pytest.raises(OriginError, match=r"^test: "):
        origin(first, yearly)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_all_formats_hold_all_rows(found: Study, language: str) -> None:
    catalogue = Catalogue.load()
    made = tables(found, HOSPITAL, lambda text: catalogue.render(text, language, HOSPITAL), language)
    rows = list(csv.reader(io.StringIO(as_csv(made))))
    assert len(rows) == sum(len(table.rows) + 3 for table in made)
    with zipfile.ZipFile(io.BytesIO(as_workbook(made))) as book:
        assert sum(name.startswith("xl/worksheets/sheet") for name in book.namelist()) == len(made)
    page = as_page(made, "A & B", language)
    assert f'<html lang="{language}">' in page
    assert page.count("<tr>") == sum(len(table.rows) + 1 for table in made)
    assert "A &amp; B" in page
    paper = pypdf.PdfReader(io.BytesIO(as_pdf(made, "A & B", language)))
    text = "".join("".join(one.extract_text().split()) for one in paper.pages)
    assert all("".join(table.name.split()) in text for table in made)
    assert all("".join(str(one.origin.id).split()) in text for one in found.scenarios)


def test_no_cell_is_a_formula() -> None:
    table = Table("T", ("a",), (("=1+1",), ("-x",), (5,)))
    assert list(csv.reader(io.StringIO(as_csv([table]))))[2:5] == [["'=1+1"], ["'-x"], ["5"]]


def test_the_command_writes_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as end:
            cli.main(["risk", *words])
        return int(end.value.code or 0)

    assert run("demo", "--format", "docx") == 2
    assert run(str(tmp_path / "absent")) == 1
    bad = tmp_path / "origins.yaml"
    bad.write_text("- {id: x}\n", "utf-8")
    assert run("demo", "--origins", str(bad)) == 1
    assert str(bad) in capsys.readouterr().err
    few = tmp_path / "few.yaml"
    few.write_text(ORIGIN % ("groups: [utility], state: down, count: 1", "1, 1, 1"), "utf-8")
    target = tmp_path / "study.xlsx"
    assert run("demo", "--origins", str(few), "--samples", "50", "--format", "xlsx", "--to", str(target)) == 0
    assert zipfile.is_zipfile(target)
    paper = tmp_path / "study.pdf"
    assert run("demo", "--origins", str(few), "--samples", "50", "--format", "pdf", "--to", str(paper)) == 0
    assert paper.read_bytes().startswith(b"%PDF-")
