"""``safecare seal``: signed hashes of files beside them (``NAME.seal``), so that a later change shows.

Ends with 0 if all are sealed, 1 if one is not as its seal says (and no ``--renew``), 2 if one could not be read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from safecare.cli.files import InLanguage, Language

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders (with all that is below them).", readable=False)
    ],
    key: Annotated[Path | None, typer.Option(help="Private key (PEM, Ed25519); made if it is not there.")] = None,
    renew: Annotated[bool, typer.Option("--renew", help="Seal again what has changed since.")] = False,  # noqa: FBT002
    language: InLanguage = Language.EN,
) -> None:
    """Write a signed seal beside each file: its hash and, of DICOM files, that of each attribute."""
    from safecare.cli.files import plain, shown, stop, tell
    from safecare.cli.seals import KeyFile, SealedFile, Words, files
    from safecare.formats.seal import SealError
    from safecare.model.text import say

    worst, keys, words = 0, KeyFile(key), Words(language)
    try:
        private = keys.private()
    except (OSError, ValueError) as error:
        stop(f"{keys.path}: {words.reason(error)}", 2)
    for path in files(paths):
        one = SealedFile(path)
        try:
            if one.seal_path.exists() and not renew:
                sealed = one.read(private.public_key())
                same = sealed.digests.sha256 == one.digests().sha256
                why = "" if same else f": {words.say(say('not sealed again; see --renew'))}"
                tell(plain(f"{words.state('intact' if same else 'changed')} {shown(path)}{why}"))
                worst = max(worst, 0 if same else 1)
            else:
                one.write(private, datetime.now(UTC))
                tell(plain(f"{words.state('sealed')} {shown(path)}"))
        except SealError as error:
            why = words.say(say("{reason}; see --renew", reason=words.reason(str(error))))
            tell(plain(f"{words.state('forged')} {shown(path)}: {why}"))
            worst = max(worst, 1)
        except (OSError, RuntimeError, MemoryError) as error:
            typer.echo(plain(f"safecare: {shown(path)}: {words.reason(error)}"), err=True)
            worst = 2
    raise typer.Exit(worst)
