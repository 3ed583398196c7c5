"""A study as tables in the reader's language, and the tables as CSV, a workbook, a page or a PDF."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable, Iterable, Sequence
from math import sqrt

import msgspec

from safecare.formats import pdf
from safecare.impact.states import STATES
from safecare.model.hospital import Hospital, Name
from safecare.model.text import Text, say
from safecare.risk.study import Study

Cell = str | int | float
Say = Callable[[Text], str]

LEVEL_NAMES = {1: say("acceptable as it is"), 2: say("to be watched"), 3: say("not acceptable")}
HOUR = 3600.0
MOST_THINGS = 3
"""Names of things in one cell. Chosen: it stays readable."""
MOST_EFFECTS = 8
"""Services told for one scenario, the most probable first. Chosen: a page for all scenarios."""
NARROWEST, WIDEST = 3.0, 400
"""Width of a column of a PDF: this share and the root of its longest cell, counted up to so many signs. Chosen: long
cells wrap, short ones don't."""
WORD, LONGEST_WORD = 0.85, 18
"""Share of the width that each sign of the longest word has at least, and signs counted. Chosen: words stay whole."""
BOLD = 2
"""Signs by which a word of the head counts longer: it is bold."""
PIXELS = 420
"""Widest column of a workbook; longer cells wrap. Chosen: a third of a screen."""
YEARLY = (say("Per year, low"), say("usual"), say("high"))
STYLE = """<style>
@page { size: A4 landscape; margin: 12mm }
body { font: 10pt sans-serif }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #999; padding: 2pt 4pt; text-align: left; vertical-align: top }
h2 { break-after: avoid }
tr { break-inside: avoid }
</style>"""


class Table(msgspec.Struct, frozen=True):
    """One table: `name` is short (31 characters at most, the limit of a sheet's name)."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class _Writer:
    """Writes the tables of one study for one reader."""

    def __init__(self, hospital: Hospital, words: Say, language: str) -> None:
        self._hospital, self._words, self._language = hospital, words, language

    def table(self, name: Text, head: Sequence[Text], rows: Iterable[tuple[Cell, ...]]) -> Table:
        return Table(self._words(name), tuple(map(self._words, head)), tuple(rows))

    def named(self, name: Name) -> str:
        return name.fr if self._language == "fr" else name.en

    def things(self, ids: Sequence[str]) -> str:
        names = [self._hospital.label(id, self._language) for id in ids[:MOST_THINGS]]
        return ", ".join([*names, *([f"+{len(ids) - MOST_THINGS}"] if len(ids) > MOST_THINGS else [])])

    def feared(self, found: Study) -> Table:
        by_people = self._words(say("set by people"))
        head = (say("Care service"), say("Criterion"), say("Patient-hours"), say("Gravity (1-4)"))
        rows = (
            (self.things([one.service]), self._words(one.criterion), round(one.hours), one.gravity or by_people)
            for one in found.feared
        )
        return self.table(say("1 Feared events"), head, rows)

    def origins(self, found: Study) -> Table:
        head = (say("Origin"), say("Aim"), say("Begins at"), *YEARLY)
        rows = (
            (self.named(one.origin.origin), self.named(one.origin.aim), self.things(one.entry), *one.origin.yearly)
            for one in found.scenarios
        )
        return self.table(say("2 Risk origins"), head, rows)

    def scenarios(self, found: Study) -> Table:
        head = (say("Scenario"), say("Begins at"), say("Care service"), say("State"), say("Probability"))
        rows = (
            (
                one.origin.id,
                self.things(one.entry),
                self.things([effect.target]),
                self._words(STATES[effect.state]),
                round(effect.probability, 3),
                round(effect.earliest / HOUR, 2),
                " → ".join(self._words(hop.text) for hop in effect.path),
            )
            for one in found.scenarios
            for effect in one.services[:MOST_EFFECTS]
        )
        return self.table(say("3-4 Scenarios"), (*head, say("Earliest, hours"), say("How")), rows)

    def register(self, found: Study) -> Table:
        who = (say("Scenario"), say("Origin"), say("Aim"))
        care = (say("Patient-hours"), say("Worst tenth"), say("Records exposed"), say("Gravity (1-4)"))
        people = (say("Risk level"), say("Decision"), say("Owner"), say("Until"))
        rows = (
            (
                one.origin.id,
                self.named(one.origin.origin),
                self.named(one.origin.aim),
                *_rounded(one.yearly),
                one.likelihood,
                round(one.hours),
                round(one.worst_tenth),
                round(one.records),
                one.gravity,
                self.level(one.level),
                "",  # decision, owner and date are for people to fill in
                "",
                "",
            )
            for one in found.scenarios
        )
        return self.table(say("5 Register of risks"), (*who, *YEARLY, say("Likelihood (1-4)"), *care, *people), rows)

    def level(self, level: int | None) -> str:
        if level is None:
            return self._words(say("the model knows no way from there to care: judge it by hand"))
        return f"{level} {self._words(LEVEL_NAMES[level])}"

    def left_out(self, found: Study) -> Table:
        nothing = self._words(say("the hospital's files hold nothing that it could begin at"))
        blank = self._words(say("nothing is known about it: no dependency, no place"))
        empty = [(self.named(one.aim), nothing) for one in found.empty]
        rows = [*empty, *((self.things([id]), blank) for id in found.blank)]
        return self.table(say("Not studied"), (say("What"), say("Why")), rows)


def _rounded(rates: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return `rates` with two digits: more would say more than is known."""
    low, usual, high = (float(f"{rate:.2g}") for rate in rates)
    return low, usual, high


def tables(found: Study, hospital: Hospital, words: Say, language: str) -> tuple[Table, ...]:
    """Return the tables of `found`; `words` puts a sentence into `language`."""
    writer = _Writer(hospital, words, language)
    return (
        writer.feared(found),
        writer.origins(found),
        writer.scenarios(found),
        writer.register(found),
        writer.left_out(found),
    )


def as_csv(found: Sequence[Table]) -> str:
    """Return the tables one after the other as CSV (RFC 4180), each with its name before it."""
    text = io.StringIO()
    out = csv.writer(text)
    for table in found:
        out.writerow([table.name])
        out.writerow(table.head)
        out.writerows([_safe(cell) for cell in row] for row in table.rows)
        out.writerow([])
    return text.getvalue()


def as_workbook(found: Sequence[Table]) -> bytes:
    """Return the tables as an XLSX workbook (ECMA-376), one sheet each."""
    import xlsxwriter

    raw = io.BytesIO()
    book = xlsxwriter.Workbook(raw, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    for table in found:
        sheet = book.add_worksheet(table.name)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, table.head, bold)
        for number, row in enumerate(table.rows, 1):
            sheet.write_row(number, 0, row, plain)
        sheet.autofit(PIXELS)
    book.close()
    return raw.getvalue()


def as_page(found: Sequence[Table], title: str, language: str) -> str:
    """Return the tables as one page to read and to print (A4 landscape); it needs nothing from outside."""
    head = f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{html.escape(title)}</title>'
    return "\n".join([head, STYLE, f"<h1>{html.escape(title)}</h1>", *map(_section, found), ""])


def as_pdf(found: Sequence[Table], title: str, language: str) -> bytes:
    """Return the tables as a PDF (A4 landscape)."""
    blocks: list[pdf.Block] = []
    for table in found:
        texts = [[head, *(str(row[place]) for row in table.rows)] for place, head in enumerate(table.head)]
        widths = tuple(map(_width, texts))
        blocks += [pdf.Heading(table.name), pdf.Table(table.head, table.rows, widths)]
    return pdf.pdf(title, blocks, language=language, across=True, footer=title)


def _width(column: Sequence[str]) -> float:
    """Return the share of the width that the cells of a column ask for."""
    words = [len(one) + BOLD * (place == 0) for place, cell in enumerate(column) for one in cell.split()]
    word = max(words, default=0)
    return max(NARROWEST + sqrt(min(max(map(len, column)), WIDEST)), 1.0 + WORD * min(word, LONGEST_WORD))


def _section(table: Table) -> str:
    head = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in table.head)
    lines = ("".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in table.rows)
    rows = "".join(f"<tr>{line}</tr>" for line in lines)
    name = html.escape(table.name)
    return f"<h2>{name}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _safe(cell: Cell) -> Cell:
    """Keep spreadsheet programs from taking a text for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@"} else cell
