"""``safecare disarm``: a DICOM file without what no viewer needs; what stays is bit for bit the same.

Ends with 0 if every file was disarmed, 1 if one was refused, 2 if one could not be read or written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE
from typing import TYPE_CHECKING, Annotated

import typer

from safecare.cli.files import Format, InLanguage, Language, files_of

if TYPE_CHECKING:
    from safecare.model.text import Text
    from safecare.sources.files.pool import Pool

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A DICOM file, or a folder of them.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file, or the folder, to be written.")],
    keep_private: Annotated[
        list[str] | None, typer.Option(help="A creator whose private attributes stay, besides the standard's list.")
    ] = None,
    format: Annotated[Format, typer.Option(help="table for people, ndjson for programs.")] = Format.TABLE,
    language: InLanguage = Language.EN,
) -> None:
    """Clear the preamble, drop what was appended and unlisted private attributes, and scan the result again."""
    import msgspec

    from safecare.cli.files import plain, plain_json, shown, stop, tell
    from safecare.locale.catalogue import Catalogue
    from safecare.model.hospital import Hospital
    from safecare.model.text import say
    from safecare.sources.files.pool import Pool

    try:
        source.stat()
    except OSError as error:
        stop(f"{shown(source)}: {error.strerror}", 2)
    if source.resolve() == target.resolve():
        stop(f"{shown(target)}: is the same as {shown(source)}; a disarmed file never replaces the original", 2)
    catalogue, pool, worst = Catalogue.load(), Pool(workers=1), 0
    words = [catalogue.render(one, language, Hospital.empty()) for one in (say("disarmed"), say("refused"))]
    try:
        for path, out in _pairs(source, target):
            code, removed, why = _one(path, out, tuple(keep_private or ()), pool)
            worst = max(worst, code)
            reason = catalogue.render(why, language, Hospital.empty()) if why else ""
            if format is Format.NDJSON:
                told = {"path": shown(path), "out": "" if code else shown(out), "removed": removed, "reason": reason}
                tell(plain_json(msgspec.json.encode(told).decode()))
            elif why:
                tell(plain(f"{words[1]:<9} {shown(path)}: {reason}"))
            else:
                tell(plain(f"{words[0]:<9} {shown(path)} -> {shown(out)}  ({', '.join(removed) or '-'})"))
    finally:
        pool.close()
    raise typer.Exit(worst)


def _pairs(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    if not source.is_dir():
        yield source, target / source.name if target.is_dir() else target
        return
    for path in files_of([source]):
        yield path, target / path.relative_to(source)


def _one(path: Path, out: Path, keep: tuple[str, ...], pool: Pool) -> tuple[int, tuple[str, ...], Text | None]:
    """Disarm one file; return exit code, what was removed, and why it was refused."""
    import msgspec

    from safecare.cli.files import reason_of, shown
    from safecare.examine.api import Verdicts
    from safecare.examine.medical.disarm import Disarmed, DisarmError, disarm
    from safecare.model.text import Text, say
    from safecare.sources.files.confined import confined
    from safecare.sources.files.process import WorkerError
    from safecare.sources.files.reading import submitted

    def work(raw: bytes) -> bytes:
        try:
            return msgspec.msgpack.encode(disarm(raw, keep))
        except DisarmError as error:
            return msgspec.msgpack.encode(error.why)

    try:
        done = msgspec.msgpack.decode(confined(work, submitted(path).raw), type=Disarmed | Text)
        if isinstance(done, Text):
            return 1, (), done
        verdict = pool.judge(done.raw, shown(Path(out.name)))
        if verdict.verdict is not Verdicts.CLEAN:
            rules = ", ".join(dict.fromkeys(one.rule for one in verdict.findings if one.weight or one.unreadable))
            return 1, done.removed, say("What must stay is suspicious itself: {rules}.", rules=rules)
        _write(out, done.raw, path.stat().st_mode)
    except (OSError, WorkerError) as error:
        return 2, (), say("It cannot be read or written: {reason}.", reason=reason_of(error))
    return 0, done.removed, None


def _write(out: Path, raw: bytes, mode: int) -> None:
    """Write the whole file or none; who may read the original (`mode`) may read it, nobody else."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=out.parent, delete=False) as stream:
        stream.write(raw)
    waiting = Path(stream.name)
    try:
        waiting.chmod(S_IMODE(mode))
        waiting.replace(out)
    except OSError:
        waiting.unlink()
        raise
