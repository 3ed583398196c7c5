"""``safecare verify``: what has changed since files were sealed, attribute by attribute; digital signatures of DICOM.

Ends with 0 if all are as they were sealed, 1 if one is not (changed, renamed, missing, forged seal, no seal, a broken
digital signature), 2 if one could not be read or there is no key to verify with.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from safecare.cli.files import Format, InLanguage, Language

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from safecare.cli.seals import Words

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders (with all that is below them).", readable=False)
    ],
    key: Annotated[
        Path | None, typer.Option(help="The key that is trusted: the private one, its .pub lies beside it.")
    ] = None,
    format: Annotated[Format, typer.Option(help="table for people, ndjson for programs.")] = Format.TABLE,
    language: InLanguage = Language.EN,
) -> None:
    """Tell which attributes of sealed files have changed, and whether digital signatures in DICOM files hold."""
    import msgspec

    from safecare.cli.files import plain, plain_json, shown, stop, tell
    from safecare.cli.seals import KeyFile, SealedFile, Words, files

    keys, words = KeyFile(key), Words(language)
    try:
        trusted = keys.public()
    except (OSError, ValueError) as error:
        stop(f"{keys.path.with_suffix('.pub')}: {words.reason(error)}", 2)
    found = failed = False
    for path in files(paths, missing=True):
        try:
            told = _state(path, trusted)
            signed = SealedFile(path).signatures() if path.exists() else []
        except (OSError, RuntimeError, MemoryError) as error:
            typer.echo(plain(f"safecare: {shown(path)}: {words.reason(error)}"), err=True)
            failed = True
            continue
        found |= told["state"] != "intact" or any(one.state == "broken" for one in signed)
        told["signatures"] = [
            {"state": one.state, "attribute": one.place, "signer": one.signer, "at": one.at, "reason": one.reason}
            for one in signed
        ]
        if format is Format.NDJSON:
            tell(plain_json(msgspec.json.encode(told).decode()))
            continue
        why = f": {_why(told, words)}" if told["reason"] else ""
        tell(plain(f"{words.state(told['state'])} {shown(path)}{why}"))
        for one in told["changes"]:
            tell(f"    {words.state(one['change'])} {one['attribute']} {one['name']}")
        for one in signed:
            tell(plain(f"    {words.signature(one)}  [{one.place}]"))
    raise typer.Exit(1 if found else 2 if failed else 0)


def _state(path: Path, trusted: Ed25519PublicKey) -> dict[str, Any]:
    """Return how the file is, as it is told. Raises `OSError`, `WorkerError`."""
    from safecare.cli.files import shown
    from safecare.cli.seals import SealedFile
    from safecare.formats.seal import SealError, changes

    one = SealedFile(path)
    told: dict[str, Any] = {"path": shown(path), "state": "intact", "reason": "", "sealed": "", "changes": []}
    if not one.seal_path.exists():
        path.stat()
        return told | {"state": "unsealed"}
    try:
        seal = one.read(trusted)
    except SealError as error:
        return told | {"state": "forged", "reason": str(error)}
    told["sealed"] = seal.at.isoformat()
    if not path.exists():
        return told | {"state": "missing"}
    now = one.digests()
    if now.sha256 != seal.digests.sha256:
        differ = [
            {"attribute": each.place, "name": _name(each.place), "change": each.change}
            for each in changes(seal.digests, now)
        ]
        reason = "" if differ else "no attribute, only bytes between them" if seal.digests.attributes else ""
        return told | {"state": "changed", "reason": reason, "changes": differ}
    if seal.name != shown(Path(path.name)):
        return told | {"state": "renamed", "reason": f"sealed as {seal.name}"}
    return told


def _why(told: dict[str, Any], words: Words) -> str:
    """Return the reason of a state, in the reader's language."""
    from safecare.model.text import say

    if told["state"] == "changed":
        return words.say(say("no attribute, only bytes between them"))
    if told["state"] == "renamed":
        return words.say(say("sealed as {name}", name=told["reason"].removeprefix("sealed as ")))
    return words.reason(told["reason"])


def _name(place: str) -> str:
    """Return the keyword of the attribute at `place`, empty for one that the standard does not name."""
    from pydicom.datadict import keyword_for_tag

    last = place.removesuffix(" items")[-11:]
    if not last.startswith("("):
        return ""
    return keyword_for_tag(int(last[1:5] + last[6:10], 16))
