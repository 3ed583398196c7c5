"""``safecare train mail``: learns from a site's own mail what its phishing says; the engine works without it, too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np

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
    from safecare.sources.files.worker import preload

    preload()
    try:
        model = train(_told(harmless), _told(phishing), alarms)
    except (OSError, ModelError) as error:
        stop(error, 2)
    try:
        out.write_bytes(msgspec.json.encode(model))
    except OSError as error:
        stop(f"{out}: {error.strerror}", 2)
    found, wrong = model.measured
    typer.echo(f"{model.trained[0]} harmless and {model.trained[1]} phishing mails read; every fourth was held back:")
    typer.echo(f"{found:.1%} of that phishing found, {wrong:.2%} of the harmless mails taken for it. Written to {out}.")


def _told(folder: Path) -> list[np.ndarray]:
    """Return the buckets of the mails of a folder; each is read in a confined process, and told if it can't be."""
    import numpy as np

    from safecare.cli.files import shown
    from safecare.sources.files.confined import confined
    from safecare.sources.files.process import WorkerError

    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is no folder")
    told = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.stat().st_size > MOST_BYTES:
            typer.echo(f"{shown(path)}: larger than {MOST_BYTES >> 20} MiB, left out", err=True)
            continue
        try:
            told.append(np.frombuffer(confined(_bucketed, path.read_bytes()), np.int64))
        except WorkerError as error:
            typer.echo(f"{shown(path)}: {error}, left out", err=True)
    return told


def _bucketed(raw: bytes) -> bytes:
    from safecare.examine.mail.model import buckets
    from safecare.formats.mail import read_mail

    return buckets(read_mail(raw)).tobytes()
