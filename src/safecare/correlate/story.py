"""What happened, in words: a title from the story templates, and one sentence per thing that happened.

A template (`stories/*.yaml`) names the signs that must all be there; the one with the most signs gives the
title. A sign is met by an alert that fits all that the sign says: `rules` (patterns of rule names), `groups`
(families of its assets), `categories` (of its zones), `domain`. The English title is the catalogue's key; it
may hold the places {zone} (where the gravest alert is) and {thing} (what it is about).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.resources import files

import msgspec
import yaml

from safecare.correlate.group import Told, Trace
from safecare.correlate.places import Places
from safecare.correlate.rules.engine import Match
from safecare.correlate.rules.read import PLACE
from safecare.correlate.rules.sign import Sign as Seen
from safecare.locale.typography import french
from safecare.model.alert import Domain
from safecare.model.layout import laid_out
from safecare.model.text import Ref, Text, When, say

STORIES = 5
"""Most stories of rules at its head. Chosen: the gravest say what it is; more would bury what happened."""
SENTENCES = 40
"""Most sentences of a story. Chosen: about one printed page."""


class StoryError(ValueError):
    """A story template can't be read; names the file and the place."""


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one alert must be. Empty lists say nothing."""

    rules: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    domain: Domain | None = None


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A title, and the signs that must all be there."""

    title: str
    signs: tuple[Sign, ...]


def read(raw: str, name: str) -> Template:
    """Read the story template `raw`. Raises `StoryError` naming `name` and the place."""
    try:
        template = msgspec.convert(yaml.safe_load(raw), laid_out(Template))
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise StoryError(f"{name}: {error}") from error
    if not template.signs:
        raise StoryError(f"{name}: no signs, it would fit everything")
    return msgspec.structs.replace(template, title=" ".join(template.title.split()))


def templates() -> tuple[Template, ...]:
    """Return the templates of the package, those with the most signs first. Raises `StoryError`."""
    folder = files("safecare.correlate") / "stories"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    read_all = [read(entry.read_text("utf-8"), entry.name) for entry in found]
    return tuple(sorted(read_all, key=lambda template: -len(template.signs)))


class Teller:
    """Gives incidents their title and story."""

    def __init__(self, places: Places, known: Sequence[Template]) -> None:
        """Tell with the templates `known`, the first that fits wins."""
        self._places = places
        self._known = known

    def title(self, members: Sequence[Trace], told: Iterable[Told] = ()) -> Text:
        """Return the title for `members`, which are in order of importance: what says most of them at once."""
        unlike: dict[str, Trace] = {}
        for member in members:
            unlike.setdefault(member.likeness, member)
        gravest, different = members[0], list(unlike.values())
        rule = max(told, key=lambda one: (one.names, one.severity, one.text.key), default=None)
        for template in self._known:
            if rule is not None and rule.names >= len(template.signs):
                break
            if all(any(self._fits(sign, member) for member in different) for sign in template.signs):
                return self._fill(template.title, different)
        if rule is not None:
            return rule.text
        if len(different) == 1:
            return gravest.title
        if len({member.domain for member in different}) > 1:
            return say("Combined attack, cyber and physical. Gravest sign: {gravest}", gravest=gravest.title)
        return say("Several signs that belong together. Gravest: {gravest}", gravest=gravest.title)

    def _fits(self, sign: Sign, member: Trace) -> bool:
        return (
            (sign.domain is None or member.domain is sign.domain)
            and (not sign.rules or any(fnmatchcase(member.rule, pattern) for pattern in sign.rules))
            and _any(sign.groups, (self._places.group(asset) for asset in member.assets))
            and _any(sign.categories, (self._places.category(zone) for zone in member.zones))
        )

    def _fill(self, title: str, members: Sequence[Trace]) -> Text:
        zone = next((zone for member in members for zone in member.zones), None)
        thing = next((asset for member in members for asset in member.assets), None)
        places = {name: Ref(id) for name, id in (("zone", zone), ("thing", thing)) if id and f"{{{name}}}" in title}
        return Text(title, {**places})

    def story(self, members: Iterable[Trace], repeats: int, told: Iterable[Told] = ()) -> tuple[Text, ...]:
        """Return what rules say of it, then what happened in order of time, repeats of one thing in one sentence."""
        counts: dict[str, int] = {}
        firsts: dict[str, Trace] = {}
        for member in sorted(members, key=lambda member: (member.start, member.id)):
            firsts.setdefault(member.likeness, member)
            counts[member.likeness] = counts.get(member.likeness, 0) + 1
        stories = sorted(told, key=lambda one: (-one.severity, one.start, one.text.key))
        return (*(one.text for one in stories[:STORIES]), *_sentences(list(firsts.values()), counts, repeats))


def told(match: Match) -> Text:
    """Return the story of a rule that matched, in both languages, with its places filled."""
    rule = match.rule
    by_name = dict(zip(rule.correlation.rules, match.signs, strict=False))  # of a count the first alert stands for all
    args = {place: _told(by_name[name], part) for place, name, part in _places(rule.story.en)}
    return Text(_flat(rule.story.en), {**args}, fr=french(_flat(rule.story.fr)))


def _places(sentence: str) -> Iterator[tuple[str, str, str]]:
    for found in PLACE.findall(sentence):
        name, _, part = found.partition(".")
        yield f"{name}_{part}", name, part


def _flat(sentence: str) -> str:
    """Return `sentence` in one line, its places as the catalogue writes them."""
    return " ".join(PLACE.sub(lambda found: "{" + found[1].replace(".", "_") + "}", sentence).split())


def _told(sign: Seen, part: str) -> Ref | When | Text:
    if part == "time":
        return When(datetime.fromtimestamp(sign.start, UTC))
    named = sign.zones if part == "zone" else sign.assets
    if named:
        return Ref(named[0])
    return say("an unknown place") if part == "zone" else say("an unknown thing")


def _sentences(firsts: list[Trace], counts: dict[str, int], repeats: int) -> Iterator[Text]:
    for member in firsts[:SENTENCES]:
        count = counts[member.likeness]
        at = When(member.first)
        if count == 1:
            yield say("{at}: {what}", at=at, what=member.title)
        else:
            yield say("{at}: {what} ({count} times)", at=at, what=member.title, count=count)
    left = sum(counts[member.likeness] for member in firsts[SENTENCES:]) + repeats
    if left:
        yield say("And {count} further alerts of the same kind", count=left)


def _any(wanted: Collection[str], found: Iterable[str]) -> bool:
    return not wanted or any(one in wanted for one in found)
