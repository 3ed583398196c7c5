"""Geometry, evidence, marking, story templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_alerts import CYBER, made, run

from safecare.correlate.describe import incident, strictest
from safecare.correlate.geometry import share_wall
from safecare.correlate.group import Group, noisy_or
from safecare.correlate.places import Places
from safecare.correlate.relations import Fade, thinned
from safecare.correlate.story import StoryError, Teller, read, templates
from safecare.model.hospital import Name, Ring, Zone
from safecare.model.ids import SiteId, ZoneId
from safecare.model.marking import Marking, Tlp
from safecare.testing.hospital import small_hospital


def zone(outline: Ring, level: str = "0") -> Zone:
    return Zone(id=ZoneId("z"), site=SiteId("s"), level=level, name=Name("z", "z"), category="room", outline=outline)


ROOM: Ring = ((0, 0), (4, 0), (4, 4), (0, 4))


@pytest.mark.parametrize(
    ("outline", "level", "shared"),
    [
        (((4.3, 0), (8, 0), (8, 4), (4.3, 4)), "0", True),
        (((4.9, 0), (8, 0), (8, 4), (4.9, 4)), "0", False),
        (((4.3, 0), (8, 0), (8, 4), (4.3, 4)), "1", False),
        (((-1, 1), (5, 1), (5, 2), (-1, 2)), "0", True),
        (((5, 5), (9, 5), (5, 9)), "0", False),
        (((4, 4), (4, 4)), "0", True),
        ((), "0", False),
    ],
)
def test_who_shares_a_wall(outline: Ring, level: str, shared: bool) -> None:
    assert share_wall(zone(ROOM), zone(outline, level)) is shared
    assert share_wall(zone(outline, level), zone(ROOM)) is shared


@given(st.lists(st.lists(st.floats(0, 1), max_size=5), max_size=5))
def test_evidence_stays_between_its_strongest_part_and_one(rules: list[list[float]]) -> None:
    ordered = [sorted(found, reverse=True) for found in rules]
    strongest = max((value for found in ordered for value in found), default=0.0)
    assert strongest - 1e-9 <= noisy_or(ordered) <= 1.0


def test_a_different_rule_counts_more_than_a_repeat() -> None:
    assert noisy_or([[0.4], [0.4]]) > noisy_or([[0.4, 0.4]]) > noisy_or([[0.4]])
    assert noisy_or([[0.3] * 8]) < 0.4


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_tie_only_weakens_with_time(one: float, other: float) -> None:
    fade = Fade(60, 60, 3600)
    assert fade.left(min(one, other)) >= fade.left(max(one, other))


def test_hubs_thin_by_inverse_degree() -> None:
    assert (thinned(3, 8), thinned(8, 8), thinned(80, 8)) == (1.0, 1.0, 0.1)


def test_marking_is_the_strictest_of_all() -> None:
    assert strictest([Marking(Tlp.GREEN), Marking(Tlp.AMBER)]) == Marking(Tlp.AMBER)
    narrow = [Marking(Tlp.AMBER, ("a", "b")), Marking(Tlp.GREEN, ("b",)), Marking(Tlp.CLEAR)]
    assert strictest(narrow) == Marking(Tlp.AMBER, ("b",))
    assert strictest([Marking(Tlp.GREEN, ("a",)), Marking(Tlp.GREEN, ("b",))]) == Marking(Tlp.RED)


def test_a_candidate_has_no_incident_to_describe() -> None:
    with pytest.raises(ValueError, match="no incident"):
        incident(Group(key="k"), Teller(Places(small_hospital()), ()))


def test_templates_of_the_package_are_read_most_signs_first() -> None:
    counts = [len(template.signs) for template in templates()]
    assert counts
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("raw", ["", "[", "title: x\nsigns: []", "title: x", "title: x\nsigns: [{colour: red}]", "- 1"])
def test_a_broken_template_names_its_file(raw: str) -> None:
    with pytest.raises(StoryError, match=r"^bad\.yaml: "):
        read(raw, "bad.yaml")


def test_titles_of_one_of_several_and_of_combined() -> None:
    [single] = run([made("x.one", 0, severity=70, zones=["aurore.ward.a"])])
    assert single.title.key == "Something"
    several = run([made("x.one", 0, severity=70, zones=["aurore.ward.a"]), made("x.two", 1, zones=["aurore.ward.a"])])
    assert several[-1].title.key == "Several signs that belong together. Gravest: {gravest}"
    both = run(
        [
            made("x.one", 0, severity=70, assets=["ws.ward.1"]),
            made("x.two", 1, severity=70, assets=["ws.ward.1"], domain=CYBER),
        ]
    )
    assert both[-1].title.key == "Combined attack, cyber and physical. Gravest sign: {gravest}"


def test_a_template_fills_its_places() -> None:
    fire = made("fire.alarm", 0, severity=90, zones=["aurore.technical.north"], assets=["fire.technical.north"])
    power = made("power.lost", 30, severity=80, zones=["aurore.technical.north"], assets=["board.north"])
    title = run([fire, power])[-1].title
    assert title.key == "Fire and loss of power, near {zone}"
    assert set(title.args) == {"zone"}


def test_a_long_story_is_cut_and_says_so() -> None:
    alerts = [made(f"r.{number}", number, severity=60, zones=["aurore.ward.a"]) for number in range(50)]
    story = run(alerts, batch=50)[-1].story
    assert len(story) == 41
    assert story[-1].args == {"count": 10}
