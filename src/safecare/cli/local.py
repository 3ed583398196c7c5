"""A data folder on this machine, and the platform that runs over it."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from safecare.cli.files import stop
from safecare.model.layout import laid_out
from safecare.store.database import Database
from safecare.store.folder import DataFolder

TIMEOUT = 30.0
"""Seconds that the platform has to answer (chosen: it is on this machine)."""


class LocalError(RuntimeError):
    """The platform does not run, or refused."""


class _Where(msgspec.Struct):
    url: str


def opened(data: Path) -> tuple[DataFolder, Database]:
    """Return an existing data folder and its central database; end the command where there is none."""
    if not (data / "safecare.db").exists():
        stop(f"{data} is no data folder of a platform (no safecare.db in it)")
    folder = DataFolder(data)
    return folder, Database(folder.database)


def call(data: Path, method: str, path: str, body: object = None) -> Any:
    """Call the console API of the platform over `data` as its local administrator. Raises `LocalError`."""
    try:
        where = msgspec.json.decode((data / "runtime.json").read_bytes(), type=laid_out(_Where))
        token = (data / "local.token").read_text("utf-8")
    except (OSError, msgspec.DecodeError) as error:
        raise LocalError(f"no platform runs over {data}: {error}") from error
    request = urllib.request.Request(  # noqa: S310 - the address is our own file's
        where.url + path,
        method=method,
        data=None if body is None else msgspec.json.encode(body),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", "X-Safecare": "1"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            return msgspec.json.decode(answer.read())
    except urllib.error.HTTPError as error:
        raise LocalError(f"{path}: {error.code} {error.read(500).decode('utf-8', 'replace')}") from error
    except (OSError, msgspec.DecodeError) as error:
        raise LocalError(f"the platform at {where.url} does not answer: {error}") from error
