"""Attack flows as MITRE's Attack Flow Builder keeps them (``.afb``, schema ``attack_flow_v2``): steps and their order.

Lines join latches; a latch belongs to an anchor, and an anchor to a step. Taken are actions, assets, conditions and
operators, and what else lines join (malware, tools, ...) as steps that only lead on. Where an action leads to an
asset, the action acts on it.

Source: github.com/center-for-threat-informed-defense/attack-flow, Apache-2.0.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from safecare.formats.problem import ModelFileError, Problem

MOST_BYTES = 64 << 20
MOST_OBJECTS = 500_000
"""Bytes and objects of one file. Chosen: far above any published flow."""
JOINTS = frozenset({"dynamic_line", "generic_latch", "generic_handle", "horizontal_anchor", "vertical_anchor", "flow"})


class FlowStep(NamedTuple):
    """One box: `kind` is action, asset, condition, AND_operator, OR_operator, ...; ids of the boxes before it."""

    id: str
    kind: str
    name: str
    technique: str
    before: tuple[str, ...]


def read_attack_flow(raw: bytes, file: str) -> tuple[FlowStep, ...]:
    """Return the steps in `raw`; `file` is named in reasons. Raises `ModelFileError`."""
    if len(raw) > MOST_BYTES:
        raise ModelFileError([Problem(file, 0, f"the file is larger than {MOST_BYTES >> 20} MB")])
    try:
        document = json.loads(raw)
    except json.JSONDecodeError as error:
        raise ModelFileError([Problem(file, error.lineno, f"this is no JSON: {error.msg}")]) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ModelFileError([Problem(file, 0, f"this is no JSON: {error}")]) from error
    objects = document.get("objects") if isinstance(document, dict) else None
    if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
        raise ModelFileError([Problem(file, 0, "this is no attack flow: there is no list called objects")])
    if len(objects) > MOST_OBJECTS:
        raise ModelFileError([Problem(file, 0, f"there are more than {MOST_OBJECTS} objects")])
    by_id = {str(one["instance"]): one for one in objects if "instance" in one}
    owner: dict[str, str] = {}
    for id, one in by_id.items():
        anchors = one.get("anchors")
        for anchor in anchors.values() if isinstance(anchors, dict) else ():
            for latch in by_id.get(str(anchor), {}).get("latches") or ():
                owner[str(latch)] = id
    before: dict[str, dict[str, None]] = {id: {} for id, one in by_id.items() if one.get("id") not in JOINTS}
    for line in by_id.values():
        if line.get("id") != "dynamic_line":
            continue
        ends = owner.get(str(line.get("source"))), owner.get(str(line.get("target")))
        if ends[0] in before and ends[1] in before and ends[0] != ends[1]:
            before[str(ends[1])][str(ends[0])] = None
    steps = tuple(_step(id, by_id[id], tuple(found)) for id, found in before.items())
    if not any(step.kind == "action" for step in steps):
        raise ModelFileError([Problem(file, 0, "the flow has no action")])
    return steps


def _step(id: str, one: dict[str, Any], before: tuple[str, ...]) -> FlowStep:
    pairs = one.get("properties")
    rows = pairs if isinstance(pairs, list) else []
    known = {row[0]: row[1] for row in rows if isinstance(row, list) and len(row) == 2 and isinstance(row[0], str)}
    name = known.get("name") or known.get("description") or ""
    technique = known.get("technique_id") or ""
    return FlowStep(id, str(one.get("id")), str(name).strip(), str(technique), before)
