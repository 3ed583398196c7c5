"""Playbooks as data: what a response does, what it costs, who does it.

The files in ``playbooks/`` are a subset of OASIS CACAO Security Playbooks 2.0 in YAML: ``type``,
``spec_version``, ``id``, ``name``, ``playbook_types``, ``external_references`` and ``workflow``. Deviations:
the workflow is a plain list run from top to bottom (no branches), each step a manual command for one role
(``agent``), and our extension stands under ``response``. ``{target}`` in a sentence is the thing acted on.

``response``::

    targets    facts for which the playbook is tried: `state`, optionally `groups` and `kinds` of the thing, `of`
               (asset, zone or service), `take` (relation from that thing to what is acted on, default itself)
    after      minutes until it takes effect
    stops      rules no longer in force from then on: `kinds`, and `out_of` or `into` (relation from the target)
    slows      the same with `factor`: what is left of their delay takes so many times as long
    repairs    facts that end then: `of` (relation), `state`, `minutes` (from now, default `after`); with
               `damage: false` lasting damage stays
    costs      facts that the response itself brings about: `of`, `state`, `hours`
    approvals  security, clinical; clinical is added whenever care pays
    contains   true: it takes access from an attacker or intruder (`safecare.decide.ranking` says where it stands)
    forbid     hard constraints (`safecare.decide.constraints`) beside the one that always holds

Relations stand in `safecare.decide.relations`, kinds of rules in `safecare.cascade`.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

import msgspec

from safecare.model.forecast import State
from safecare.model.layout import laid_out

Approver = Literal["security", "clinical"]
Relation = Literal[
    "self", "network", "machines", "hosted", "stored", "stores", "loads", "zone", "compartment", "doors", "services"
]


class PlaybookError(ValueError):
    """A playbook can't be read; names the file and the place."""


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A D3FEND or ATT&CK mitigation: its id and name in one."""

    external_id: str


class Work(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One manual step: `command` for the role `agent`."""

    agent: str
    command: str


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Facts for which the playbook is tried, and what is then acted on."""

    state: State
    of: Literal["asset", "zone", "service"] = "asset"
    groups: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    take: Relation = "self"


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules that the response switches off (or slows by `factor`)."""

    kinds: tuple[str, ...]
    out_of: Relation | None = None
    into: Relation | None = None
    factor: float = 0.0


class Mend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Facts that the response ends."""

    state: State
    of: Relation = "self"
    minutes: float | None = None
    damage: bool = True


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fact that the response brings about for `hours`."""

    state: State
    hours: float
    of: Relation = "self"


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the cascade needs to know of a playbook. The module's head explains the fields."""

    targets: tuple[Target, ...]
    after: float
    stops: tuple[Stop, ...] = ()
    slows: tuple[Stop, ...] = ()
    repairs: tuple[Mend, ...] = ()
    costs: tuple[Price, ...] = ()
    approvals: tuple[Approver, ...] = ("security",)
    reversible: bool = True
    contains: bool = False
    forbid: tuple[Literal["escape_route", "fire_near", "no_other_store"], ...] = ()


class Playbook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One playbook."""

    type: Literal["playbook"]
    spec_version: Literal["cacao-2.0"]
    id: str
    name: str
    playbook_types: tuple[str, ...]
    workflow: tuple[Work, ...]
    response: Response
    external_references: tuple[Reference, ...] = ()


def read_playbook(text: str, place: str) -> Playbook:
    """Read one playbook from YAML; `place` names the file. Raises `PlaybookError`."""
    import yaml

    try:
        return msgspec.convert(yaml.safe_load(text), laid_out(Playbook))
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise PlaybookError(f"{place}: {error}") from error


def named_playbooks() -> dict[str, Playbook]:
    """Return the playbooks that come with the platform by the name of their file, without its ending."""
    folder = files("safecare.decide").joinpath("playbooks")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda one: one.name)
    return {one.name.removesuffix(".yaml"): read_playbook(one.read_text("utf-8"), one.name) for one in found}


def built_in_playbooks() -> tuple[Playbook, ...]:
    """Return the playbooks that come with the platform, by file name."""
    return tuple(named_playbooks().values())
