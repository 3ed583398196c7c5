"""``safecare held`` over a data folder: list with the findings' words, release and discard once, clear refusals."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from safecare.cli.held import app
from safecare.exchange.log import Entry
from safecare.exchange.sqlite import SqliteLog
from safecare.model.events import encode_event
from safecare.model.events.acts import HeldDecided
from safecare.model.events.files import FileJudged
from safecare.model.ids import ArtifactHash
from safecare.model.text import say
from safecare.model.topics import decode
from safecare.store.database import Database
from safecare.store.folder import DataFolder
from safecare.store.write import StoreWriter
from safecare.testing.made import made


def test_list_release_and_refusals(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    database = Database(folder.database)
    database.migrate()
    log = SqliteLog(folder.log, reserve_mb=0)
    file = made(
        FileJudged,
        0,
        source="dicom",
        artifact=ArtifactHash("a" * 64),
        size=5,
        type="dicom",
        verdict="malicious",
        score=1.0,
        act="held",
        reasons=(say("Say why."),),
    )
    log.append([Entry("event", (encode_event(file),))])
    writer = StoreWriter(log, database)
    while writer.step(0.0):
        pass

    def run(*words: str) -> tuple[int, str]:
        told = CliRunner().invoke(app, [*words, "--data", str(tmp_path)])
        return told.exit_code, told.output

    code, text = run("list", "--language", "fr")
    assert (code, file.id in text, "attend une décision" in text, "Indiquez pourquoi" in text) == (
        0,
        True,
        True,
        True,
    ), text
    assert run("release", "nothing", "--reason", "x")[0] != 0
    assert run("release", file.id, "--reason", " ")[0] != 0
    code, text = run("release", file.id, "--reason", "seen by the radiologist")
    assert code == 0, text
    while writer.step(0.0):
        pass
    code, text = run("release", file.id, "--reason", "again")
    assert code != 0
    assert "released already" in text
    assert "seen by the radiologist" in run("list")[1]
    acts = [decode("event", raw) for batch in log.read({"event"}, 0) for raw in batch.items][1:]
    [act] = [one for one in acts if isinstance(one, HeldDecided)]
    assert act.actor.startswith("local:")
    log.close()
    database.close()
