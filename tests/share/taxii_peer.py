"""A TAXII 2.1 server of others (medallion, by OASIS), on a port of this machine, with one collection."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
CLOSED = "52892447-4d7e-4f70-b94d-d7f22742ff63"
USER, PASSWORD = "chu-aurore", "the password of this hospital"
MEDIA = "application/stix+json;version=2.1"


def _collection(id: str, *, write: bool) -> dict[str, object]:
    return {
        "id": id,
        "title": "Incidents of hospitals",
        "can_read": True,
        "can_write": write,
        "media_types": [MEDIA],
        "objects": [],
        "manifest": [],
    }


@contextmanager
def taxii(folder: Path) -> Iterator[str]:
    """Run the server over `folder`; give the address of its API root."""
    information = {
        "title": "Root",
        "description": "for tests",
        "versions": ["application/taxii+json;version=2.1"],
        "max_content_length": 9765625,
    }
    data = {
        "/discovery": {"title": "Server", "description": "for tests", "contact": "-", "api_roots": ["root"]},
        "root": {
            "information": information,
            "status": [],
            "collections": [_collection(COLLECTION, write=True), _collection(CLOSED, write=False)],
        },
    }
    (folder / "data.json").write_text(json.dumps(data))
    settings = {
        "backend": {
            "module": "medallion.backends.memory_backend",
            "module_class": "MemoryBackend",
            "filename": str(folder / "data.json"),
        },
        "users": {USER: PASSWORD},
        "taxii": {"max_page_size": 100},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    program = Path(sys.executable).with_name("medallion")
    command = [sys.executable, str(program), "--port", "0", str(folder / "settings.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            said = (re.search(r"Running on (http://\S+:\d+)", line) for line in running.stderr)
            found = next((one for one in said if one), None)
            assert found, "medallion did not start"
            yield f"{found[1]}/root"
        finally:
            running.terminate()
