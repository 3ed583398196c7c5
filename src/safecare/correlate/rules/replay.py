"""Rules over stored history: what they would have raised. Reads only the alerts and events that a rule speaks of.

A line of history is an alert or an event as JSON (`safecare.model`). Lines are not parsed to find out which matter:
one pattern over the undecoded bytes finds the rule names, and only those lines are decoded, without what rules do not
see. Where most lines matter, all are decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import translate

import msgspec

from safecare.correlate.places import Places
from safecare.correlate.rules.engine import Bounds, Engine, Match
from safecare.correlate.rules.rule import Rule
from safecare.correlate.rules.sign import Sign, few, places_of
from safecare.correlate.story import told
from safecare.model.hospital import Hospital
from safecare.model.layout import laid_out
from safecare.model.text import Text

CHUNK = 8 * 1024 * 1024
"""Bytes that are searched at a time. Chosen: far above a line, far below memory."""
MOST = 2_000_000
"""Most signs that are kept for one replay. Chosen: about 1 GB."""
PROBE = 1 << 20
"""Bytes by which is told whether most lines are spoken of, and that are decoded at once. Chosen: some 1,000 lines."""
HOMES = 100_000
"""Most things whose place is remembered. Chosen: ten times a large hospital's."""
FAULTS = 100
"""Most unreadable lines that are told one by one."""


class _Line(msgspec.Struct):
    """What rules see of an alert (`first`) or an event (`at`); all else in the line is passed over."""

    id: str
    rule: str = ""
    kind: str = ""
    domain: str = ""
    severity: int = 0
    confidence: float = 1.0
    first: datetime | None = None
    at: datetime | None = None
    assets: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    asset: str = ""
    zone: str = ""
    holder: str | None = None
    src_ip: str = ""
    dst_ip: str = ""


class Raised(msgspec.Struct, frozen=True):
    """An incident that a rule would have made: all its matches that share an alert."""

    rule: Rule
    first: datetime
    last: datetime
    ids: tuple[str, ...]
    story: Text


class Fault(msgspec.Struct, frozen=True):
    """A line that speaks of a rule, and cannot be read."""

    line: int
    reason: str


class Replay:
    """Takes history in any order, then tells what `rules` make of it."""

    def __init__(self, rules: Sequence[Rule], hospital: Hospital) -> None:
        """Replay `rules` in `hospital`."""
        self._places = Places(hospital)
        self._engine = Engine(rules, hospital, self._places, bounds=Bounds(signs=MOST))
        decoder = msgspec.json.Decoder(laid_out(_Line))
        self._decode, self._decode_all = decoder.decode, decoder.decode_lines
        self._pattern = _pattern(rules)
        self._homes: dict[str, tuple[str, ...]] = {}
        self._signs: list[Sign] = []
        self.lines = 0
        """Lines of history so far, those that no rule speaks of included."""
        self.left_out = 0
        """Signs beyond `MOST`."""
        self.faults: list[Fault] = []

    @property
    def taken(self) -> int:
        """Alerts and events that a rule speaks of."""
        return len(self._signs)

    def read(self, chunks: Iterable[bytes]) -> None:
        """Take history as lines of JSON, cut anywhere."""
        rest = b""
        for chunk in chunks:
            whole, cut, rest = (rest + chunk).rpartition(b"\n")
            self._search(whole + cut)
        if rest:
            self._search(rest)

    def take(self, body: bytes) -> None:
        """Take one alert or event."""
        self._add(self._decode(body))

    def raised(self) -> list[Raised]:
        """Return what the rules would have raised, in order of time."""
        self._signs.sort(key=lambda sign: sign.start)
        feed = self._engine.take
        found = [match for sign in self._signs for match in feed(sign)]
        return sorted(_joined(found + self._engine.drain()), key=lambda one: (one.first, one.rule.name, one.ids))

    @property
    def counts(self) -> dict[str, int]:
        """Bounds that were hit (`Engine.counts`)."""
        return self._engine.counts

    def _search(self, text: bytes) -> None:
        count = text.count(b"\n") + (not text.endswith(b"\n"))
        if not (self._dense(text) and self._take_all(text)):
            self._pick(text)
        self.lines += count

    def _dense(self, text: bytes) -> bool:
        """Tell whether most lines are spoken of: then it is faster to decode all than to look which."""
        some = text[: text.find(b"\n", PROBE) + 1]
        return sum(1 for _ in self._pattern.finditer(some)) > some.count(b"\n") // 2

    def _take_all(self, text: bytes) -> bool:
        """Take all lines of `text`, some thousand at a time; False, and nothing taken, if one of them can't be read."""
        before, left_out = len(self._signs), self.left_out
        begin = 0
        try:
            while begin < len(text):
                end = text.find(b"\n", begin + PROBE) + 1 or len(text)
                for line in self._decode_all(text[begin:end]):
                    self._add(line)
                begin = end
        except (msgspec.MsgspecError, ValueError, OverflowError):
            del self._signs[before:]
            self.left_out = left_out
            return False
        return True

    def _pick(self, text: bytes) -> None:
        """Take the lines that a rule speaks of."""
        end = -1
        for hit in self._pattern.finditer(text):
            if hit.start() < end:
                continue  # the same line again
            begin = text.rfind(b"\n", 0, hit.start()) + 1
            end = text.find(b"\n", hit.end())
            end = len(text) if end < 0 else end
            try:
                self._add(self._decode(text[begin:end]))
            except (msgspec.MsgspecError, ValueError, OverflowError) as error:
                if len(self.faults) < FAULTS:
                    self.faults.append(Fault(self.lines + text.count(b"\n", 0, begin) + 1, str(error)[:200]))

    def _add(self, line: _Line) -> None:
        start = line.first or line.at
        if start is None or start.tzinfo is None:
            raise ValueError("no time with its zone in first or at")
        if line.rule:
            assets, zones, holders, peers = few(line.assets), few(line.zones), few(line.holders), few(line.peers)
        else:
            assets = (line.asset,) if line.asset else ()
            zones = (line.zone,) if line.zone else ()
            holders = (line.holder,) if line.holder else ()
            peers = tuple(peer for peer in (line.src_ip, line.dst_ip) if peer)
        sign = Sign(
            id=line.id,
            name=line.rule or line.kind,
            start=start.timestamp(),
            alert=bool(line.rule),
            severity=line.severity,
            confidence=line.confidence,
            cyber=line.domain == "cyber",
            assets=assets,
            zones=zones or self._home(assets),
            holders=holders,
            peers=peers,
        )
        sign.fits = self._engine.plan.fits(sign)
        if not sign.fits:
            return
        if len(self._signs) >= MOST:
            self.left_out += 1
        else:
            self._signs.append(sign)

    def _home(self, assets: tuple[str, ...]) -> tuple[str, ...]:
        """Return where `assets` stand; of one asset it is remembered."""
        if len(assets) != 1:
            return places_of(assets, self._places)
        known = self._homes.get(assets[0])
        if known is None:
            known = places_of(assets, self._places)
            if len(self._homes) < HOMES:
                self._homes[assets[0]] = known
        return known


def _pattern(rules: Sequence[Rule]) -> re.Pattern[bytes]:
    """Return what stands in every line that one of `rules` speaks of."""
    picks = [pick for rule in rules for pick in rule.alerts.values()]
    names = sorted({name for pick in picks for name in (*pick.rules, *pick.events)})
    patterns = [translate(name).removeprefix("(?s:").removesuffix(r")\Z").replace(".*", '[^"]*') for name in names]
    return re.compile(rf'"(?:rule|kind)"\s*:\s*"(?:{"|".join(patterns)})"'.encode())


def _joined(matches: Iterable[Match]) -> Iterator[Raised]:
    """Yield the matches of each rule that share a sign as one."""
    by_rule: dict[str, list[Match]] = {}
    for match in matches:
        by_rule.setdefault(match.rule.name, []).append(match)
    for found in by_rule.values():
        root: dict[str, str] = {}
        for match in found:
            ids = [sign.id for sign in match.signs]
            for id in ids[1:]:
                root[_root(root, id)] = _root(root, ids[0])
        groups: dict[str, list[Match]] = {}
        for match in found:
            groups.setdefault(_root(root, match.signs[0].id), []).append(match)
        yield from (_raised(group) for group in groups.values())


def _root(root: dict[str, str], id: str) -> str:
    while root.setdefault(id, id) != id:
        root[id] = id = root[root[id]]
    return id


def _raised(matches: Sequence[Match]) -> Raised:
    first = min(matches, key=lambda match: (min(sign.start for sign in match.signs), [sign.id for sign in match.signs]))
    signs = {sign.id: sign.start for match in matches for sign in match.signs}
    begin, end = (datetime.fromtimestamp(bound(signs.values()), UTC) for bound in (min, max))
    return Raised(first.rule, begin, end, tuple(sorted(signs, key=lambda one: (signs[one], one))), told(first))
