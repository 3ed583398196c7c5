"""``safecare impact forecast``: what stated facts about a hospital break next, with times and care."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from safecare.cli.files import UNUSABLE, InLanguage, Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from safecare.impact.attack import Attack
    from safecare.impact.outlook import Outlook
    from safecare.model.hospital import Hospital
    from safecare.model.text import Text

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

WRONG_CALL = 2
"""Exit code: a fact, change or time can't be understood."""
MOST_LINES = 40
"""Effects that are told on a screen; --json tells them all."""


@app.command()
def forecast(
    hospital: Annotated[str, typer.Argument(help="Folder of the hospital's files; `demo` for the demo hospital.")],
    fact: Annotated[
        list[str] | None, typer.Option(help="What is so: 'DOWN(asset)@2h', repeatable. Also COMP, EXPO, CORR, ...")
    ] = None,
    attack: Annotated[Path | None, typer.Option(help="Attack flow (.afb) that is carried out on the hospital.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="MAL attack graph, or instance model, that is carried out on the hospital.")
    ] = None,
    model_language: Annotated[
        Path | None, typer.Option(help="Language of the instance model: langspec.json, .mar or .mal.")
    ] = None,
    by_hand: Annotated[
        list[str] | None, typer.Option("--map", help="'its name=asset', repeatable, for --attack and --model.")
    ] = None,
    horizon: Annotated[str, typer.Option(help="How far to look: 90s, 15min, 72h, 3d.")] = "72h",
    what_if: Annotated[
        list[str] | None, typer.Option("--what-if", help="A change: 'off(rule)@t' or 'repair(thing)@t', repeatable.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=1_000_000, help="Courses drawn; 0.5 points at 40,000.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws other courses.")] = 2026,
    mode: Annotated[
        str, typer.Option(help="`cascade`, or `published`: the scores of the SAFECARE project.")
    ] = "cascade",
    language: InLanguage = Language.EN,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print what breaks next, by when, why, and what care loses.

    Exit 0: told. 1: the hospital's files can't be used (reasons as file:line:column), or nothing named is known.
    2: a fact, change or time can't be understood. Things that the hospital doesn't know are named, never called safe.
    """
    from safecare.cascade.engine import Cascade
    from safecare.cli.hospital import hospital_named
    from safecare.impact.facts import FactError, read_changes, read_facts, seconds_of
    from safecare.impact.outlook import look
    from safecare.impact.published import published

    if mode not in {"cascade", "published"}:
        _fail(f"--mode is cascade or published, not {mode}", WRONG_CALL)
    if mode == "published" and what_if:
        _fail("--what-if: the published mode knows no changes", WRONG_CALL)
    if by_hand and attack is None and model is None:
        _fail("--map: there is neither --attack nor --model whose things it could name", WRONG_CALL)
    site = hospital_named(hospital, language)
    try:
        flows = _attacks(attack, model, model_language, by_hand or (), site)
        more = (rule for flow in flows for rule in flow.rules)
        cascade = Cascade.of(site, horizon=seconds_of(horizon), more=more)
        given = read_facts(fact or (), cascade.system)
        for flow in flows:
            given = given._replace(seeds=(*given.seeds, *flow.seeds), unknown=(*given.unknown, *flow.unmatched))
        changes = read_changes(what_if or (), cascade.system)
    except FactError as error:
        _fail(str(error), WRONG_CALL)
    for name in given.unknown[:MOST_LINES]:
        typer.echo(f"{name}: the hospital's files don't know it; nothing is said about it", err=True)
    if not given.seeds:
        hint = "; a model without an attacker begins where --fact 'COMP(mal:asset:step)' says" if model else ""
        _fail(f"none of the things named is known{hint}", UNUSABLE)
    for stated in given.seeds:
        if stated.at >= cascade.horizon:
            typer.echo(f"{stated.fact.target}: begins at the horizon or after it; nothing is said about it", err=True)
    if mode == "published":
        typer.echo(json.dumps(published(site, cascade.system, given.seeds), ensure_ascii=False, indent=None))
        return
    outlook = look(cascade, given, changes, samples, seed)
    if as_json:
        typer.echo(json.dumps(_told(outlook, site, language), ensure_ascii=False))
    else:
        _print(outlook, site, language)


def _attacks(
    flow: Path | None, model: Path | None, language: Path | None, by_hand: Sequence[str], hospital: Hospital
) -> list[Attack]:
    """Return the attack flow and the MAL model on `hospital`; ends the command when a name leads nowhere."""
    from safecare.cli.files import beside, read_model
    from safecare.formats.attack_flow import read_attack_flow
    from safecare.formats.mal import read_mal
    from safecare.impact.attack import attack_on
    from safecare.impact.mal import mal_on

    pairs = {name.strip(): id.strip() for name, _, id in (one.rpartition("=") for one in by_hand)}
    found: list[tuple[Path, Attack]] = []
    try:
        if flow is not None:
            found.append((flow, attack_on(hospital, read_model(flow, read_attack_flow), pairs)))
        if model is not None:
            spoken = read_model(language, lambda raw, name: (raw, name)) if language else None
            include = beside(language) if language else None
            graph = read_model(model, lambda raw, name: read_mal(raw, name, spoken, include))
            for step in graph.left_out[:MOST_LINES]:
                typer.echo(f"{language}: what {step} changes in the model (A>, R>) is left out (warning)", err=True)
            found.append((model, mal_on(hospital, graph, pairs)))
    except KeyError as error:
        _fail(f"--map: the hospital has no asset {error.args[0]!r}", WRONG_CALL)
    for file, attack in found:
        if all(rule.head.target.startswith(("flow:", "mal:")) for rule in attack.rules):
            names = "; ".join(attack.unmatched[:MOST_LINES]) or "none"
            _fail(f"{file}: no thing in it is one of the hospital; name them with --map: {names}", UNUSABLE)
    return [attack for _, attack in found]


def _fail(reason: str, code: int) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(code)


def _told(outlook: Outlook, hospital: Hospital, language: str) -> dict[str, Any]:
    """Return `outlook` as plain values, sentences in `language`."""
    import msgspec

    from safecare.locale.catalogue import Catalogue
    from safecare.model.text import Text

    catalogue = Catalogue.load()

    def plain(value: Any) -> Any:
        if isinstance(value, Text):
            return catalogue.render(value, language, hospital)
        if isinstance(value, msgspec.Struct):
            return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return value

    told: dict[str, Any] = plain(outlook)
    return told


def _print(outlook: Outlook, hospital: Hospital, language: str) -> None:
    from safecare.locale.catalogue import Catalogue

    catalogue = Catalogue.load()

    def words(text: Text) -> str:
        return catalogue.render(text, language, hospital)

    for effect in outlook.effects[:MOST_LINES]:
        low, high = effect.interval
        times = (
            "" if effect.likely is None else "  " + " / ".join(f"{time / 3600:.1f}" for time in effect.likely) + " h"
        )
        typer.echo(f"{effect.probability:6.1%} [{low:.1%}-{high:.1%}]{times}  {effect.target} {effect.state}")
        for hop in effect.path:
            typer.echo(f"        {hop.after / 3600:7.2f} h  {words(hop.text)}  ({hop.source})")
    hidden = len(outlook.effects) - MOST_LINES
    if hidden > 0:
        typer.echo(f"... and {hidden} more effects: --json tells them all")
    sums = outlook.totals
    typer.echo(
        f"care not given: {outlook.loss.mean:.1f} patient-hours, worst tenth {outlook.loss.cvar90:.1f}; beds "
        f"{sums.beds:.1f}, operations {sums.operations:.1f}, appointments "
        f"{sums.appointments:.1f}, diversion {sums.diversion:.1f} h, records {sums.records:.0f}"
    )
    if outlook.what_if is not None:
        gain = outlook.what_if.gain
        typer.echo(f"with the change: {gain.mean:+.1f} patient-hours spared [{gain.low:.1f}, {gain.high:.1f}]")
    if outlook.blank:
        typer.echo(f"nothing is known about {len(outlook.blank)} assets: {' '.join(outlook.blank[:10])} ...")
