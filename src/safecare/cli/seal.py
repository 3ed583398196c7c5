"""``safecare seal``: signed hashes of files beside them (``NAME.seal``), so that a later change shows.

Ends with 0 if all are sealed, 1 if one is not as its seal says (and no ``--renew``), 2 if one could not be read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders (with all that is below them).", readable=False)
    ],
    key: Annotated[Path | None, typer.Option(help="Private key (PEM, Ed25519); made if it is not there.")] = None,
    renew: Annotated[bool, typer.Option("--renew", help="Seal again what has changed since.")] = False,  # noqa: FBT002
) -> None:
    """Write a signed seal beside each file: its hash and, of DICOM files, that of each attribute."""
    from safecare.cli.files import plain, reason_of, shown, stop, tell
    from safecare.cli.seals import KeyFile, SealedFile, files
    from safecare.formats.seal import SealError

    worst, keys = 0, KeyFile(key)
    try:
        private = keys.private()
    except (OSError, ValueError) as error:
        stop(f"{keys.path}: {reason_of(error)}", 2)
    for path in files(paths):
        one = SealedFile(path)
        try:
            if one.seal_path.exists() and not renew:
                sealed = one.read(private.public_key())
                same = sealed.digests.sha256 == one.digests().sha256
                state, reason = ("intact", "") if same else ("changed", ": not sealed again; see --renew")
                tell(plain(f"{state:<8} {shown(path)}{reason}"))
                worst = max(worst, 0 if same else 1)
            else:
                one.write(private, datetime.now(UTC))
                tell(plain(f"sealed   {shown(path)}"))
        except SealError as error:
            tell(plain(f"forged   {shown(path)}: {error}; see --renew"))
            worst = max(worst, 1)
        except (OSError, RuntimeError, MemoryError) as error:
            typer.echo(plain(f"safecare: {shown(path)}: {reason_of(error)}"), err=True)
            worst = 2
    raise typer.Exit(worst)
