"""Loading: what each modifier means, and that every error is told with its place."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from safecare.detect.logs.engine import Engine
from safecare.detect.logs.load import FILE_LIMIT, load
from safecare.detect.logs.plan import Compiled, Plan
from safecare.detect.logs.rule import Correlation, RuleSet


def rule(detection: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": "T", "logsource": {"product": "p"}, "detection": {"condition": "s", **detection}, **more}


def loaded(*rules: dict[str, Any], **expand: list[str]) -> RuleSet:
    return load([("r.yml", yaml.safe_dump_all(rules).encode())], expand)


def matches(item: dict[str, Any] | list[Any], record: dict[str, Any], **expand: list[str]) -> bool:
    rules = loaded(rule({"s": item}), **expand)
    assert not rules.problems, rules.problems
    return bool(Engine(Plan(Compiled(rules))).match([{**record, "product": "p"}]))


@pytest.mark.parametrize(
    ("key", "value", "yes", "no"),
    [
        ("F", "abc", ["abc", "ABC"], ["abcd", "", "xabc"]),
        ("F", "a*c", ["ac", "aXYc"], ["acd", "xac"]),
        ("F", "a?c", ["abc", "aéc"], ["ac", "abbc"]),
        ("F", r"a\*c", ["a*c"], ["abc"]),
        ("F", "", [""], ["a"]),
        ("F", "*", ["a", ""], []),
        ("F", None, [None], ["", "a"]),
        ("F", 4624, [4624, "4624"], [46240, "4625"]),
        ("F", True, ["true"], ["false"]),
        ("F|contains", "b", ["abc", "B"], ["ac"]),
        ("F|contains", ["x", "b"], ["abc"], ["ac"]),
        ("F|contains|all", ["a", "b"], ["cba"], ["aa"]),
        ("F|startswith", "ab", ["ABc"], ["cab"]),
        ("F|endswith", r"\x.exe", [r"C:\X.EXE"], ["x.exe"]),
        ("F|contains|cased", "aB", ["xaBx"], ["xabx"]),
        ("F|cased", "aB", ["aB"], ["ab"]),
        ("F|contains", 12, ["x123", 9129], ["x"]),
        ("F|startswith", [12, "a"], ["123", "A"], ["312"]),
        ("F|utf16le|base64offset|contains", "IEX ", ["-enc egAgAEkARQBYACAAKAB4ACkA"], ["eiBJRVggKHgp"]),
        ("F|re", "a+b$", ["xaab"], ["aabx", "AB"]),
        ("F|re|i", "a+b$", ["xAAB"], ["aabx"]),
        ("F|re|m", "^b", ["a\nb"], ["ab"]),
        ("F|re|s", "a.b", ["a\nb"], ["ab"]),
        ("F|cidr", "10.0.0.0/8", ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.1", "x"]),
        ("F|cidr", "2001:db8::/32", ["2001:db8::1"], ["2001:db9::1"]),
        ("F|lt", 5, [4, "4", "0x4"], [5, "x"]),
        ("F|gte", 5, [5, "5.5"], [4]),
        ("F|neq", 5, [4], [5]),
        ("F|base64|contains", "foobar", ["xZm9vYmFyx"], ["foobar"]),
        ("F|base64offset|contains", "foobar", ["eGZvb2Jhcg==", "Zm9vYmFy"], ["foobar"]),
        ("F|wide|base64offset|contains", "ping", ["cABpAG4AZwA="], ["ping"]),
        ("F|utf16|base64|contains", "a", ["//5hAA=="], ["a"]),
        ("F|windash|contains", " -e ", ["x -e y", "x /e y", "x –e y"], ["x e y"]),
        ("F|exists", True, ["a", None, ""], []),
        ("F|fieldref", "G", ["same"], ["other"]),
        ("F|fieldref|startswith", "G", ["same one"], ["the same"]),
        ("F|hour", 13, ["2026-07-01T13:10:00Z", "2026-07-01T15:10:00+02:00"], ["2026-07-01T14:00:00Z", "x"]),
        ("F|week", 27, ["2026-07-01T13:10:00Z"], ["2026-01-01"]),
        ("F|expand", "%who%", ["ann", "bob"], ["eve", "%who%"]),
    ],
)  # fmt: skip
def test_modifiers(key: str, value: Any, yes: list[Any], no: list[Any]) -> None:
    for one in yes:
        assert matches({key: value}, {"F": one, "G": "same"}, who=["ann", "bob"]), one
    for one in no:
        assert not matches({key: value}, {"F": one, "G": "same"}, who=["ann", "bob"]), one


def test_fields_that_refer_to_others() -> None:
    for key, yes, no in (
        ("F|fieldref", "xyz", "yz"),
        ("F|fieldref|startswith", "XY", "yz"),
        ("F|fieldref|endswith", "yz", "xy"),
        ("F|fieldref|contains", "Y", "q"),
    ):
        assert matches({key: "G"}, {"F": "xyz", "G": yes}), key
        assert not matches({key: "G"}, {"F": "xyz", "G": no}), key
        assert not matches({key: "G"}, {"F": "xyz"}), key


def test_absent_fields() -> None:
    assert matches({"F": None}, {})
    assert not matches({"F|exists": True}, {})
    assert matches({"F|exists": False}, {})
    assert not matches({"F": "*"}, {})


def test_keywords_stand_in_any_value() -> None:
    assert matches(["evil", "bad*one"], {"A": "x", "B": "the EVIL"})
    assert matches(["evil", "bad*one"], {"A": "a bad old one."})
    assert not matches(["bad*one"], {"A": "bad", "B": "one"})
    assert not matches(["p"], {"A": "x"})  # what a record says of its source is no content
    assert matches({"|all": ["a", "b"]}, {"A": "a", "B": "b"})
    assert matches([7], {"A": 170})


def test_lists_of_mappings_and_quantifiers() -> None:
    rules = loaded(
        rule(
            {
                "sel_a": {"A": 1},
                "sel_b": [{"B": 1}, {"B": 2}],
                "f": {"C": 1},
                "condition": "all of sel_* and not 1 of f*",
            }
        )
    )
    engine = Engine(Plan(Compiled(rules)))
    records: list[dict[str, Any]] = [
        {"A": 1, "B": 2, "product": "p"},
        {"A": 1, "B": 2, "C": 1, "product": "p"},
        {"A": 1, "product": "p"},
    ]
    assert [row for row, _, _ in engine.match(records)] == [0]


BROKEN = b"""title: Two faults
logsource: {product: p}
detection:
  s:
    A|endswit: x
    B|re: '(((('
  condition: s
---
title: Unknown name
logsource: {product: p}
detection:
  s: {A: 1}
  condition: s and t
level: terrible
---
title: Twice
logsource: {product: p}
detection:
  s:
    A: 1
    A: 2
  condition: s
---
title: Old
logsource: {product: p}
detection: {s: {A: 1}, condition: s | count() > 3}
---
title: Placeholder
logsource: {product: p}
detection:
  s:
    A|expand: '%nobody%'
  condition: s
---
- no rule
---
name: nothing
---
title: Whole
logsource: {product: p}
date: yesterday
detection: {s: {A: 1}, condition: s}
"""


def test_every_error_is_told_with_its_line_and_none_stops_the_others() -> None:
    cut, large, odd = b"title: x\na: [1\nb", b"x" * (FILE_LIMIT + 1), b"\xff\xfe\x00"
    rules = load([("b.yml", BROKEN), ("c.yml", cut), ("d.yml", large), ("e.yml", odd)])
    told = [(one.file, one.line, one.level) for one in rules.problems]
    assert told == [
        ("b.yml", 5, "error"),
        ("b.yml", 6, "error"),
        ("b.yml", 13, "error"),
        ("b.yml", 14, "warning"),
        ("b.yml", 21, "error"),
        ("b.yml", 26, "error"),
        ("b.yml", 32, "error"),
        ("b.yml", 35, "error"),
        ("b.yml", 37, "warning"),
        ("b.yml", 41, "warning"),
        ("c.yml", 3, "error"),
        ("d.yml", 1, "error"),
        ("e.yml", 1, "error"),
    ]
    assert [one.title for one in rules.rules] == ["Whole"]
    assert "%nobody%" in next(one.reason for one in rules.problems if one.line == 32)


def test_aliases_that_make_many_of_a_few_are_told() -> None:
    lists = "".join(f"l{one}: &l{one} [{', '.join([f'*l{one - 1}'] * 10)}]\n" for one in range(1, 9))
    text = f"title: T\nlogsource: {{product: p}}\nl0: &l0 [a]\n{lists}detection: {{s: {{F: *l8}}, condition: s}}\n"
    [problem] = load([("r.yml", text.encode())]).problems
    assert "values" in problem.reason


def test_one_id_is_one_rule() -> None:
    id = "11111111-1111-4111-8111-111111111111"
    rules = loaded(rule({"s": {"A": 1}}, id=id), rule({"s": {"A": 2}}, id=id))
    assert len(rules.rules) == 1
    assert id in rules.problems[0].reason


def test_a_filter_narrows_the_rules_that_it_names() -> None:
    narrow = {
        "title": "F",
        "logsource": {"product": "p"},
        "filter": {"rules": ["named"], "s": {"U": "backup"}, "condition": "not s"},
    }
    rules = loaded(rule({"s": {"A": 1}}, name="named"), rule({"s": {"A": 1}}), narrow)
    assert not rules.problems
    found = Engine(Plan(Compiled(rules))).match([{"A": 1, "U": "backup", "product": "p"}, {"A": 1, "product": "p"}])
    assert [(row, number) for row, number, _ in found] == [(0, 1), (1, 0), (1, 1)]


def correlation(type: str, condition: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    body = {"type": type, "rules": ["base"], "group-by": ["U"], "timespan": "1m", **more}
    return {"title": "C", "correlation": body | ({"condition": condition} if condition else {})}


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (correlation("value_median", {"gte": 1, "field": "X"}), "value_median"),
        (correlation("event_count", {"lt": 3}), "lt"),
        (correlation("event_count", {"gte": 3}, rules=["nobody"]), "nobody"),
    ],
)
def test_correlations_that_are_not_supported_are_named(made: dict[str, Any], line: str) -> None:
    rules = loaded(rule({"s": {"A": 1}}, name="base"), made)
    assert not rules.correlations
    assert line in rules.problems[0].reason


def test_a_correlation_speaks_for_its_rules_unless_it_says_otherwise() -> None:
    base = rule({"s": {"A": 1}}, name="base")
    rules = loaded(base, correlation("event_count", {"gte": 3}))
    assert isinstance(rules.correlations[0], Correlation)
    assert rules.rules[0].silent
    assert not loaded(base, correlation("event_count", {"gte": 3}, generate=True)).rules[0].silent


@pytest.mark.parametrize("id", [12, None, [], True])
def test_an_id_that_is_no_text_is_told_with_its_line(id: Any) -> None:
    [problem] = loaded(rule({"s": {"F": "a"}}, id=id)).problems
    assert problem.reason == f"the id must be text (a UUID), not {id!r}"
    assert problem.line > 1
