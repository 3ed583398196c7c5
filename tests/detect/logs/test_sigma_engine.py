"""The engine gives what asking every rule of every record gives, whatever the rules and records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecare.detect.logs import column, scan
from safecare.detect.logs import engine as engine_module
from safecare.detect.logs.engine import Engine
from safecare.detect.logs.plan import Compiled, Plan
from safecare.detect.logs.rule import MANY, ONE, Branch, Check, LogSource, Node, Rule, RuleSet
from safecare.detect.logs.values import Value

FIELDS = ("A", "B", "c d")
PIECES = ("a", "B", "é", "İ", "ab", "\\", "\x1f", "\n", "x y", "1", "0x1f", "10.0.0.7", "ſ", "\ud800", "", "\x00")
TEXT = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
VALUES: st.SearchStrategy[Value] = st.one_of(
    TEXT, st.integers(-2, 40), st.none(), st.lists(st.one_of(TEXT, st.integers(0, 3), st.none()), max_size=3).map(tuple)
)
RECORDS = st.lists(st.dictionaries(st.sampled_from((*FIELDS, "E")), VALUES, max_size=4), max_size=12)
REGEXES = ("a+b", "^a", "b$", r"\d+", "(?i)AB", "[^a]x", r"\s", "a|é", ".", "")


def strings(kind: Any) -> st.SearchStrategy[Check]:
    def made(field: str, text: str, cased: bool) -> Check:
        return Check(field, kind, text if cased else text.lower(), cased)

    return st.builds(made, st.sampled_from(FIELDS), TEXT.filter(bool), st.booleans())


@st.composite
def globs(draw: st.DrawFn) -> Check:
    pieces = draw(st.lists(st.sampled_from((MANY, ONE, "a", "b", "é", "x y")), min_size=2, max_size=6))
    return Check(draw(st.sampled_from((*FIELDS, ""))), "glob", "".join(pieces))


def checks() -> st.SearchStrategy[Check]:
    fields = st.sampled_from(FIELDS)
    keyword = st.builds(lambda text: Check("", "contains", text.lower()), TEXT.filter(bool))
    other: list[st.SearchStrategy[Check]] = [
        st.builds(lambda field, kind: Check(field, kind), fields, st.sampled_from(("null", "exists", "filled"))),
        st.builds(
            lambda field, text: Check(field, "regex", text, True),
            st.sampled_from((*FIELDS, "")),
            st.sampled_from(REGEXES),
        ),
        st.builds(lambda field, net: Check(field, "cidr", net), fields, st.sampled_from(("10.0.0.0/8", "::/0"))),
        st.builds(
            lambda field, kind, number: Check(field, kind, str(number)),
            fields,
            st.sampled_from(("lt", "lte", "gt", "gte", "neq")),
            st.integers(0, 35),
        ),
        st.builds(
            lambda field, kind, other: Check(field, kind, other),
            fields,
            st.sampled_from(("same", "same_start", "same_end", "same_part")),
            st.sampled_from(FIELDS),
        ),
    ]
    kinds = [strings(kind) for kind in ("equals", "contains", "starts", "ends")]
    return st.one_of(*kinds, keyword, globs(), *other)


def nodes(count: int) -> st.SearchStrategy[Node]:
    leaves: st.SearchStrategy[Node] = st.integers(0, count - 1)
    return st.recursive(
        leaves,
        lambda parts: st.one_of(
            st.builds(
                lambda op, some: Branch(op, tuple(some)),
                st.sampled_from(("all", "any")),
                st.lists(parts, min_size=1, max_size=3),
            ),
            st.builds(lambda part: Branch("not", (part,)), parts),
        ),
        max_leaves=6,
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    rules: list[Rule] = []
    for number in range(draw(st.integers(1, 5))):
        some = tuple(dict.fromkeys(draw(st.lists(checks(), min_size=1, max_size=4))))
        source = draw(st.sampled_from((LogSource("p"), LogSource("p", "", "s"), LogSource("", "c"))))
        rules.append(Rule(str(number), "", "low", (), source, some, draw(nodes(len(some))), "", 1))
    return RuleSet(tuple(rules))


def brute_force(plan: Plan, records: Sequence[Mapping[str, Value]]) -> list[tuple[int, int]]:
    found = set()
    for row, record in enumerate(records):
        for part in plan.sources.covered(frozenset(record), record):
            found |= {(row, rule) for rule in part.rules if plan.holds(rule, record, part.names)}
    return sorted(found)


def declared(records: Sequence[dict[str, Value]], product: str) -> list[dict[str, Value]]:
    return [
        {**record, "product": product, "service": "s" if len(record) % 2 else "", "category": "c"} for record in records
    ]


@pytest.mark.slow
@given(rule_sets(), RECORDS)
@settings(max_examples=100, deadline=None)
def test_equal_to_asking_every_rule_of_every_record(rules: RuleSet, records: list[dict[str, Value]]) -> None:
    plan = Plan(Compiled(rules))
    some = declared(records, "p")
    engine = Engine(plan)
    first = [(row, rule) for row, rule, _ in engine.match(some)]
    assert first == brute_force(plan, some)
    assert [(row, rule) for row, rule, _ in engine.match(some)] == first  # and again, from what is remembered


@pytest.mark.slow
@given(rules=rule_sets(), records=RECORDS)
@settings(max_examples=50, deadline=None)
def test_equal_without_hyperscan_and_with_little_memory(rules: RuleSet, records: list[dict[str, Value]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "lacking", lambda needs: "absent")
        for name, few in (("VALUES", 2), ("LEARN", 1), ("LONG", 1), ("ALIVE", 1)):
            patch.setattr(column, name, few)
        for name in ("KINDS", "ROWS"):
            patch.setattr(engine_module, name, 2)
        plan = Plan(Compiled(rules))
        some = declared(records, "p")
        engine = Engine(plan)
        for start in range(0, len(some), 3):
            part = some[start : start + 3]
            assert [(row, rule) for row, rule, _ in engine.match(part)] == brute_force(plan, part)


def test_what_was_compiled_gives_the_same() -> None:
    tests = (Check("A", "contains", "evil"), Check("A", "regex", "e.il", True), Check("A", "starts", "é"))
    rules = RuleSet((Rule("1", "", "low", (), LogSource("p"), tests, Branch("any", (0, 1, 2)), "", 1),))
    first = Plan(Compiled(rules))
    kept = first.dump()
    assert set(kept.automata) == {"A"}
    again = Plan(kept)
    records: list[Mapping[str, Value]] = [{"A": text, "product": "p"} for text in ("an EVIL one", "eXil", "Éa", "none")]
    assert [row for row, _, _ in Engine(again).match(records)] == [0, 1, 2]
    for junk in (b"junk", kept.automata["A"][:-5], msgspec.msgpack.encode([[], b"of another version"])):
        broken = Plan(Compiled(rules, {"A": junk}))
        assert [row for row, _, _ in Engine(broken).match(records)] == [0, 1, 2]


def test_a_rule_judges_only_records_of_its_log_source() -> None:
    test = (Check("Image", "ends", "\\x.exe"),)
    sources = (
        LogSource("windows", "process_creation"),
        LogSource("windows", "", "sysmon"),
        LogSource("linux", "process_creation"),
    )
    rules = RuleSet(tuple(Rule(str(n), "", "low", (), one, test, 0, "", 1) for n, one in enumerate(sources)))
    engine = Engine(Plan(Compiled(rules)))
    sysmon = "Microsoft-Windows-Sysmon/Operational"
    records: list[Mapping[str, Value]] = [
        {"Channel": sysmon, "EventID": 1, "Image": r"C:\x.exe"},
        {"Channel": sysmon, "EventID": "3", "Image": r"C:\x.exe"},
        {"Channel": "Security", "EventID": 4688, "NewProcessName": r"C:\x.exe", "Image": "no"},
        {"Provider_Name": "Microsoft-Windows-Sysmon", "EventID": 1, "Image": r"C:\x.exe"},
        {"product": "linux", "category": "process_creation", "Image": r"\x.exe"},
        {"Image": r"C:\x.exe"},
    ]
    found = [(row, rule) for row, rule, _ in engine.match(records)]
    assert found == [(0, 0), (0, 1), (1, 1), (2, 0), (3, 0), (3, 1), (4, 2)]


def test_evidence_names_the_deciding_fields() -> None:
    tests = (Check("A", "contains", "x"), Check("B", "equals", "1"), Check("C", "equals", "2"), Check("D", "null"))
    when = Branch("all", (0, Branch("any", (1, 2)), 3, Branch("not", (2,))))
    plan = Plan(Compiled(RuleSet((Rule("1", "", "low", (), LogSource("p"), tests, when, "", 1),))))
    assert plan.evidence(0, {"A": "axb", "B": 1, "C": 3}, {}) == {"A": "axb", "B": 1, "D": None}


@pytest.mark.parametrize(
    ("test", "yes", "no"),
    [
        (Check("A", "contains", "é" + "x" * scan.LONGEST), "-É" + "X" * scan.LONGEST, "x" * scan.LONGEST),
        (Check("A", "regex", "^(?:ab){200}(?:cd){200}(?:ef|.){900}$", True), "ab" * 200 + "cd" * 200 + "e" * 900, "ab"),
    ],
)
def test_what_the_automaton_does_not_hold_is_made_sure_of(test: Check, yes: str, no: str) -> None:
    plan = Plan(Compiled(RuleSet((Rule("1", "", "low", (), LogSource("p"), (test,), 0, "", 1),))))
    records: list[Mapping[str, Value]] = [{"A": yes, "product": "p"}, {"A": no, "product": "p"}]
    assert [row for row, _, _ in Engine(plan).match(records)] == [0]
