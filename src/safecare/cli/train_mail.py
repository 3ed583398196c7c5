"""``safecare train mail``: learns from a site's own mail what its phishing says; the engine works without it, too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

MOST_BYTES = 32 * 1024 * 1024
"""Bytes of one mail that is trained on. Chosen: the largest that the mail door takes by default."""


@app.command()
def main(
    harmless: Annotated[Path, typer.Option(help="Folder of harmless mails, one file each.")],
    phishing: Annotated[Path, typer.Option(help="Folder of phishing mails, one file each.")],
    out: Annotated[Path, typer.Option(help="File to write the model to.")] = Path("mail-model.json"),
    alarms: Annotated[float, typer.Option(min=0.0, max=0.2, help="Share of false alarms allowed, 0-1.")] = 0.005,
) -> None:
    """Train a model on a site's own mail; use it by `safecare scan --mail-model FILE`."""
    import msgspec

    from safecare.cli.files import stop
    from safecare.examine.mail.model import ModelError, train

    try:
        model = train(_mails(harmless), _mails(phishing), alarms)
    except (OSError, ModelError) as error:
        stop(error, 2)
    try:
        out.write_bytes(msgspec.json.encode(model))
    except OSError as error:
        stop(f"{out}: {error.strerror}", 2)
    found, wrong = model.measured
    typer.echo(f"{model.trained[0]} harmless and {model.trained[1]} phishing mails read; every fourth was held back:")
    typer.echo(f"{found:.1%} of that phishing found, {wrong:.2%} of the harmless mails taken for it. Written to {out}.")


def _mails(folder: Path) -> list[bytes]:
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path.read_bytes() for path in files if path.stat().st_size <= MOST_BYTES]
