"""Talking to the running platform: its console API alone, as its local administrator."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from safecare.model.event import Event
from safecare.model.events import encode_event
from safecare.model.layout import laid_out
from safecare.scenarios import answers
from safecare.scenarios.world import Runtime

TIMEOUT = 20.0
"""Seconds that the platform has to answer (chosen: it is on this machine)."""
MOST = 1000
"""Most alerts asked for at once: the API's own limit."""

T = TypeVar("T")


class PlatformError(RuntimeError):
    """No platform runs over the folder, or it refused."""


class Talk:
    """The console of the platform over the data folder `data`. Methods raise `PlatformError`."""

    def __init__(self, data: Path) -> None:
        """Read where the platform is. Raises `PlatformError`."""
        try:
            self.runtime = msgspec.json.decode((data / "runtime.json").read_bytes(), type=laid_out(Runtime))
            self._token = (data / "local.token").read_text("utf-8")
        except (OSError, msgspec.DecodeError) as error:
            raise PlatformError(f"no platform runs over {data}: {error}") from error

    def alerts(self) -> tuple[answers.SeenAlert, ...]:
        """Return the latest alerts."""
        return self._get(f"/api/alerts?limit={MOST}", tuple[answers.SeenAlert, ...])

    def board(self) -> answers.SeenBoard:
        """Return the open incidents."""
        return self._get("/api/board", answers.SeenBoard)

    def incident(self, id: str) -> answers.SeenIncident:
        """Return an incident."""
        return self._get(f"/api/incidents/{urllib.parse.quote(id)}", answers.SeenIncident)

    def forecast(self, incident: str) -> answers.SeenForecast | None:
        """Return the incident's forecast, if there is one."""
        return self._find(f"/api/incidents/{urllib.parse.quote(incident)}/forecast", answers.SeenForecast)

    def plan(self, incident: str) -> answers.SeenPlan | None:
        """Return the incident's plan, if there is one."""
        return self._find(f"/api/incidents/{urllib.parse.quote(incident)}/plan", answers.SeenPlan)

    def health(self) -> answers.SeenHealth:
        """Return how doors and stages are."""
        return self._get("/api/health", answers.SeenHealth)

    def invite(self, role: str, name: str) -> answers.Invitation:
        """Return a one-time sign-in link for a new user."""
        made = self._call("POST", "/api/invitations", msgspec.json.encode({"role": role, "name": name}))
        return msgspec.json.decode(made, type=laid_out(answers.Invitation))

    def revoke(self, user: str) -> None:
        """Take all access from a user."""
        self._call("POST", f"/api/users/{urllib.parse.quote(user)}/revoke", b"{}")

    def close(self, incident: str, comment: str) -> None:
        """Close an incident as benign."""
        ask = {"state": "closed", "verdict": "benign", "comment": comment}
        self._call("POST", f"/api/incidents/{urllib.parse.quote(incident)}/judge", msgspec.json.encode(ask))

    def tell(self, event: Event) -> None:
        """Put an event on the road."""
        self._call("POST", "/api/ingest/events", encode_event(event))

    def _get(self, path: str, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(self._call("GET", path), type=laid_out(kind))
        except msgspec.DecodeError as error:
            raise PlatformError(f"{path}: {error}") from error

    def _find(self, path: str, kind: type[T]) -> T | None:
        try:
            return self._get(path, kind)
        except NotThereError:
            return None

    def _call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the address is the platform's own
            self.runtime.url + path,
            method=method,
            data=body,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "X-Safecare": "1",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                got: Any = answer.read()
        except urllib.error.HTTPError as error:
            kind = NotThereError if error.code == 404 else PlatformError
            raise kind(f"{path}: {error.code} {error.read(500).decode('utf-8', 'replace')}") from error
        except OSError as error:
            raise PlatformError(f"the platform at {self.runtime.url} does not answer: {error}") from error
        return bytes(got)


class NotThereError(PlatformError):
    """The platform knows no such thing."""
