"""How rows of a foreign system (CSV lines, JSON objects, records of a paging interface) become our signals: as data.

A mapping is a YAML file (docs/reference/mappings.md): which columns hold time, door and event, how times are written,
and what each event means. What an event means is said with the keys of a field message (`safecare.formats.field`), so
that both kinds of sender reach the same events. Pure and bounded; a row that can't be read is told with its place.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from fnmatch import fnmatchcase
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import yaml

from safecare.formats.field import FieldError, Signal, signals_of
from safecare.formats.mapping_paths import DEEPEST, rows_at, value_at
from safecare.model.layout import laid_out

SIZE = 256 << 10
"""Largest mapping file, bytes (chosen: a hundred times an ordinary one)."""
LONGEST = 16_384
"""Longest line and value of a row, characters (chosen: badge systems write some hundred)."""
IGNORE, REJECT = "ignore", "reject"
ISO, EPOCH, EPOCH_MS = "iso", "epoch", "epoch_ms"


class MappingError(ValueError):
    """A mapping that can't be used: why, and where in it."""


class RowError(ValueError):
    """A row that can't be read: `reason`, and `place` in it (a column)."""

    def __init__(self, reason: str, place: str = "") -> None:
        """Keep reason and place."""
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason, self.place = reason, place


Column = str | list[str]
"""A column, or several whose values are put together with a space (date and time). In JSON a path: ``data.card.id``."""


class _Loader(yaml.SafeLoader):
    """Reads keys as they are written: ``0101``, ``on`` and ``1:20`` are names of events, not numbers. None twice.

    Of values, only ``true`` and ``false`` are booleans: a column may be called ``No``.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Return the mapping at `node`. Raises `yaml.MarkedYAMLError`."""
        made: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in made:
                raise yaml.constructor.ConstructorError(
                    None, None, "a key that stands twice or is no text", key.start_mark
                )
            made[key.value] = self.construct_object(value, deep=True)
        return made


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(("bool", "timestamp"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


class Fields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which columns hold what. `door` names the thing: door, detector, zone of a panel."""

    event: Column
    door: Column
    time: Column = ""
    badge: Column = ""
    way: Column = ""
    reason: Column = ""
    place: Column = ""
    """Id of the zone in which the badge's owner now is."""
    ref: Column = ""
    """The sender's own number of the row: what has the same time and number is the same event."""


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How times are written: ``iso``, ``epoch`` (s), ``epoch_ms``, or a pattern as Python's strptime has them."""

    formats: tuple[str, ...] = (ISO,)
    zone: str = ""
    """IANA zone of times without an offset; empty: the site's."""


class Row(msgspec.Struct, frozen=True):
    """What one row says, in our words. `at` is UTC; None: it tells no time."""

    door: str
    signals: tuple[Signal, ...]
    at: datetime | None
    ref: str
    twice: tuple[datetime, datetime] | None = None
    """Of a wall-clock time that came twice (end of summer time): both times."""


class MappingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """A mapping. `events`: event as written -> keys of a field message, ``ignore`` or ``reject``.

    An event is compared without regard to case, first to the letter, then with shell-style patterns in their order.
    """

    name: str
    fields: Fields
    events: dict[str, dict[str, Any] | Literal["ignore", "reject"]]
    format: Literal["csv", "json"] = "csv"
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    """For CSV without a header line."""
    records: str = ""
    """For JSON: path of the list of rows in a message; empty: the message is a row, or a list of rows."""
    time: Times = Times()
    address: str = "reader"
    """Under which system the hospital's files know the door column; ``id``: it is the asset's own id."""
    ways: dict[str, Literal["in", "out"]] = {}

    @cached_property
    def _exact(self) -> dict[str, dict[str, Any] | str]:
        return {key.casefold(): value for key, value in self.events.items()}

    @cached_property
    def _patterns(self) -> tuple[tuple[str, dict[str, Any] | str], ...]:
        return tuple((key.casefold(), value) for key, value in self.events.items() if any(c in key for c in "*?["))

    def means(self, event: str) -> dict[str, Any] | str | None:
        """Return what `event` means; None where the mapping does not say."""
        plain = event.casefold()
        if plain in self._exact:
            return self._exact[plain]
        return next((value for pattern, value in self._patterns if fnmatchcase(plain, pattern)), None)


def read_mapping(raw: bytes) -> MappingFile:
    """Read a mapping file. Raises `MappingError`."""
    if len(raw) > SIZE:
        raise MappingError(f"{len(raw)} bytes are over the limit of {SIZE}")
    try:
        text = raw.decode("utf-8-sig")
        _bounded(text)
        mapping = msgspec.convert(yaml.load(text, _Loader), laid_out(MappingFile))  # noqa: S506 - a safe loader
    except UnicodeDecodeError as error:
        raise MappingError(f"byte {error.start}: not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(f"line {line}: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise MappingError(str(error)[:300]) from error
    return _checked(mapping)


def _bounded(text: str) -> None:
    """Refuse what would make reading long: aliases, and deep nesting. Raises `MappingError`, `yaml.YAMLError`."""
    depth = 0
    for token in yaml.scan(text):
        match token:
            case yaml.AliasToken() | yaml.AnchorToken():
                raise MappingError("anchors and aliases are not taken")
            case yaml.FlowSequenceStartToken() | yaml.FlowMappingStartToken() | yaml.BlockMappingStartToken():
                depth += 1
            case yaml.BlockSequenceStartToken():
                depth += 1
            case yaml.FlowSequenceEndToken() | yaml.FlowMappingEndToken() | yaml.BlockEndToken():
                depth -= 1
            case _:
                pass
        if depth > DEEPEST:
            raise MappingError(f"nested deeper than {DEEPEST}")


def ready() -> dict[str, str]:
    """Return the texts of the mappings that come with the platform, by name."""
    folder = files("safecare.formats") / "mappings"
    return {
        one.name.removesuffix(".yaml"): one.read_text("utf-8")
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.endswith(".yaml")
    }


def _checked(mapping: MappingFile) -> MappingFile:
    if len(mapping.delimiter) != 1:
        raise MappingError("delimiter: must be one character")
    if not mapping.events:
        raise MappingError("events: at least one must be said")
    zone_of(mapping.time.zone or "UTC")
    for pattern in mapping.time.formats:
        if pattern not in {ISO, EPOCH, EPOCH_MS} and "%" not in pattern:
            raise MappingError(f"time.formats: {pattern!r} is no pattern, and none of {ISO}, {EPOCH}, {EPOCH_MS}")
    for event, meaning in mapping.events.items():
        if not isinstance(meaning, str):
            try:
                signals_of({"badge": "x", **meaning} if "placed" in meaning else meaning)
            except FieldError as error:
                raise MappingError(f"events.{event}: {error}") from error
    return mapping


def zone_of(name: str) -> ZoneInfo:
    """Return the IANA zone `name`. Raises `MappingError`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise MappingError(f"time.zone: no time zone is called {name!r}") from error


def read_row(mapping: MappingFile, row: Mapping[str, Any], seen: datetime, zone: tzinfo) -> Row | None:
    """Return what `row` says; None where the mapping passes its event over. Raises `RowError`.

    `zone` is the site's own, for times without offset where the mapping names none; `seen` is when we got the row.
    """
    event = _value(row, mapping.fields.event)
    meaning = mapping.means(event)
    if meaning == IGNORE:
        return None
    where = _named(mapping.fields.event)
    if meaning is None or isinstance(meaning, str):
        raise RowError(f"the mapping does not say what {event[:80]!r} means", where)
    said = dict(meaning)
    fields = mapping.fields
    for key, column in (("badge", fields.badge), ("reason", fields.reason), ("placed", fields.place)):
        if value := _value(row, column):
            said[key] = value
    said.setdefault("code", event[:200])
    if way := _value(row, fields.way):
        said["way"] = next((ours for theirs, ours in mapping.ways.items() if theirs.casefold() == way.casefold()), "")
        if not said["way"] and said.get("access") == "granted":  # nothing else needs to know
            raise RowError(f"the mapping does not say which way {way[:80]!r} is", _named(fields.way))
    door = _value(row, fields.door)
    if not door and set(said) & {"placed"} == set():
        raise RowError("names no door", _named(fields.door))
    try:
        signals = signals_of(said)
    except FieldError as error:
        raise RowError(error.reason, error.place) from error
    at = twice = None
    if written := _value(row, fields.time):
        own = zone_of(mapping.time.zone) if mapping.time.zone else zone
        at, twice = _time(written, mapping.time.formats, own, seen, _named(fields.time))
    return Row(door, signals, at, _value(row, fields.ref), twice)


def rows_of_csv(mapping: MappingFile, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str] | RowError]]:
    """Yield number of line and row of CSV text; the first line is the header unless the mapping names the columns.

    A header that lacks a column of the mapping is one error, and the end.
    """
    kept = (line if len(line) <= LONGEST else "\0\n" for line in lines)
    reader = csv.reader(kept, delimiter=mapping.delimiter)
    columns = list(mapping.columns)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, RowError(f"no CSV: {error}")
            continue
        if not any(cell.strip() for cell in cells) or (not columns and cells[0].lower().startswith("sep=")):
            continue  # spreadsheets begin with the separator
        if cells == ["\0"]:
            yield reader.line_num, RowError(f"longer than {LONGEST} characters")
        elif not columns:
            columns = [cell.strip().lstrip("\ufeff") for cell in cells]
            while columns and not columns[-1]:
                columns.pop()
            if lacks := missing(mapping, columns):
                yield (
                    reader.line_num,
                    RowError(f"the header lacks {', '.join(lacks)}; it has {', '.join(columns)[:300]}"),
                )
                return
            if twice := [one for one in dict.fromkeys(_asked(mapping)) if columns.count(one) > 1]:
                yield (
                    reader.line_num,
                    RowError(f"the header names {', '.join(twice)} twice: nobody can say which counts"),
                )
                return
        elif list(map(str.strip, cells))[: len(columns)] == columns:
            continue  # the header once more: files are put together, and rotated
        elif len(cells) < len(columns) or any(map(str.strip, cells[len(columns) :])):  # empty ones: a last separator
            yield reader.line_num, RowError(f"has {len(cells)} columns, not {len(columns)}")
        else:
            yield reader.line_num, dict(zip(columns, cells, strict=False))


def missing(mapping: MappingFile, columns: Iterable[str]) -> list[str]:
    """Return the columns that the mapping speaks of and that are not among `columns`."""
    known = set(columns)
    return [name for name in dict.fromkeys(_asked(mapping)) if name not in known]


def _asked(mapping: MappingFile) -> list[str]:
    """Return the columns that the mapping speaks of."""
    asked = (getattr(mapping.fields, name) for name in mapping.fields.__struct_fields__)
    return [name for column in asked for name in ([column] if isinstance(column, str) else column) if name]


def rows_of_json(mapping: MappingFile, raw: bytes) -> list[dict[str, Any] | RowError]:
    """Return the rows of one JSON message. Raises `RowError` where it is no JSON, or has no rows."""
    try:
        told = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RowError(f"not JSON: {error}") from error
    rows = rows_at(told, mapping.records.split(".") if mapping.records else [])
    if rows is None:
        raise RowError("no rows stand there", mapping.records)
    return [row if isinstance(row, dict) else RowError(f"row {n} is no object") for n, row in enumerate(rows, 1)]


def row_alone(mapping: MappingFile, raw: bytes) -> dict[str, Any] | None:
    """Return `raw` as a row that stood in a list (``records``) and is alone now; None where it is none."""
    try:
        told = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    alone = mapping.records and isinstance(told, dict) and rows_at(told, mapping.records.split(".")) is None
    return told if alone else None


def _value(row: Mapping[str, Any], column: Column) -> str:
    """Return the text in `column` of `row`; empty if it is not there. Raises `RowError` for what is no plain value."""
    if isinstance(column, list):
        return " ".join(filter(None, (_value(row, one) for one in column)))
    if not column:
        return ""
    found = row[column] if column in row else value_at(row, column)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        text = {True: "true", False: "false"}.get(found) if isinstance(found, bool) else None
        if text is None:
            raise RowError("is no plain value", column)
        return text
    text = str(found).strip()
    if len(text) > LONGEST:
        raise RowError(f"longer than {LONGEST} characters", column)
    return text


def _named(column: Column) -> str:
    return column if isinstance(column, str) else " ".join(column)


Both = tuple[datetime, datetime]


def _time(
    written: str, formats: Iterable[str], zone: tzinfo, seen: datetime, place: str
) -> tuple[datetime, Both | None]:
    """Return the time in UTC, and both times of one that came twice. Raises `RowError`."""
    for pattern in formats:
        try:
            at = _parsed(written, pattern)
        except (ValueError, OverflowError, OSError):
            continue
        try:
            return (at.astimezone(UTC), None) if at.tzinfo else _placed(at, zone, seen)
        except OverflowError:
            break
    raise RowError(f"{written[:60]!r} is no time as the mapping has them", place)


def _parsed(written: str, pattern: str) -> datetime:
    match pattern:
        case "iso":
            return datetime.fromisoformat(written)
        case "epoch":
            return datetime.fromtimestamp(float(written), UTC)
        case "epoch_ms":
            return datetime.fromtimestamp(float(written) / 1000, UTC)
        case _:
            return datetime.strptime(written, pattern)  # noqa: DTZ007 - the zone follows


def _placed(at: datetime, zone: tzinfo, seen: datetime) -> tuple[datetime, Both | None]:
    """Return the wall-clock time `at` of `zone` in UTC. An hour that comes twice is taken as the one nearer to `seen`.

    Of both readings one that lies ahead of `seen` is taken last: rows tell what has happened.
    """
    first, second = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    ahead = timedelta(minutes=5)
    nearer = min((first, second), key=lambda one: (one > seen + ahead, abs(one - seen)))
    return nearer, (first, second) if first < second else None  # in the hour that is left out, the second is earlier
