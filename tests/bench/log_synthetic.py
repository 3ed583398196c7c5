"""A thousand made rules and records over a schema of 16 fields, with skewed frequencies: a rule engine alone.

Mix of rules: 35 % equality of several fields, 40 % parts of a text, 10 % beginnings and ends, 7 % with a filter, 4 %
alternatives, 4 % regular expressions.
"""

from __future__ import annotations

import random
from typing import Any

from safecare.detect.logs.rule import Branch, Check, LogSource, Node, Rule, RuleSet

KINDS = ["auth", "process", "file", "network", "door", "dns", "mail", "dicom"]
ACTIONS = ["start", "stop", "open", "close", "read", "write", "deny", "grant", "query", "move"]
THINGS = ("patient", "image", "backup", "service", "session", "printer", "archive", "pump")
WORDS = [f"{thing}{part}" for thing in THINGS for part in ("", "-sync", "-job", "-log")]
ROOMS = [f"room{number}" for number in range(300)]


def _skewed(rng: random.Random, count: int) -> int:
    """Return a number below `count`; small ones are frequent."""
    return min(count - 1, int(rng.paretovariate(1.1)) - 1)


def record(rng: random.Random) -> dict[str, Any]:
    """Return one record."""
    return {
        "product": "made",
        "kind": KINDS[_skewed(rng, len(KINDS))],
        "action": ACTIONS[_skewed(rng, len(ACTIONS))],
        "outcome": "failure" if rng.random() < 0.05 else "success",
        "asset": f"asset-{_skewed(rng, 2000)}",
        "user": f"user{_skewed(rng, 3000)}",
        "room": ROOMS[_skewed(rng, len(ROOMS))],
        "src_ip": f"10.{rng.randrange(4)}.{_skewed(rng, 200)}.{_skewed(rng, 250)}",
        "dst_ip": f"10.{rng.randrange(4)}.{_skewed(rng, 200)}.{_skewed(rng, 250)}",
        "dst_port": rng.choice((22, 80, 104, 443, 445, 2575, 3389)),
        "process": f"C:\\Apps\\{rng.choice(WORDS)}.exe",
        "message": " ".join(rng.choice(WORDS) for _ in range(4)) + f" item {_skewed(rng, 50)}",
        "protocol": rng.choice(("tcp", "udp")),
        "severity": rng.randrange(5),
        "vendor": rng.choice(("a", "b", "c", "d")),
        "zone": f"z{_skewed(rng, 40)}",
    }


def _checks(rng: random.Random, kind: str, number: int) -> tuple[list[Check], Node]:
    token = f"evil{number:x}"
    match kind:
        case "equal":
            fields = [
                ("asset", f"asset-{rng.randrange(2, 200)}"),
                ("action", rng.choice(ACTIONS)),
                ("kind", rng.choice(KINDS)),
            ]
            return [Check(field, "equals", value) for field, value in fields], Branch("all", (0, 1, 2))
        case "part":
            some = [token, f"{rng.choice(WORDS)} {rng.choice(WORDS)} {rng.choice(WORDS)} {rng.choice(WORDS)}"]
            return [Check("message", "contains", one) for one in some], Branch("any", (0, 1))
        case "end":
            return [Check("process", "ends", f"\\{token}.exe"), Check("process", "starts", f"c:\\{token}")], Branch(
                "any", (0, 1)
            )
        case "filter":
            checks = [Check("user", "equals", f"user{rng.randrange(50, 3000)}"), Check("outcome", "equals", "success")]
            return checks, Branch("all", (0, Branch("not", (1,))))
        case "alternatives":
            return [Check("src_ip", "equals", f"10.9.{number % 250}.{part}") for part in range(8)], Branch(
                "any", tuple(range(8))
            )
    return [Check("message", "regex", f"{token}[0-9]+ (start|stop)", True)], 0


def rules(count: int, seed: int = 20261126) -> RuleSet:
    """Return `count` rules."""
    rng = random.Random(seed)
    shares = {"equal": 35, "part": 40, "end": 10, "filter": 7, "alternatives": 4, "regex": 4}
    made: list[Rule] = []
    for number in range(count):
        (kind,) = rng.choices(list(shares), list(shares.values()))
        checks, when = _checks(rng, kind, number)
        made.append(Rule(str(number), f"rule {number}", "medium", (), LogSource("made"), tuple(checks), when, "", 1))
    return RuleSet(tuple(made))


def records(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Return `count` records."""
    rng = random.Random(seed)
    return [record(rng) for _ in range(count)]
