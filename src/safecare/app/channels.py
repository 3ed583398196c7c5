"""The channels that this site uses: found by looking at the folder, built with what they ask for by name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from safecare.locale.catalogue import Catalogue
from safecare.model.clock import Clock
from safecare.model.hospital import Hospital
from safecare.model.notice import Notice
from safecare.model.plugins import Missing
from safecare.model.text import Text
from safecare.notify.api import Channel, channels
from safecare.notify.channels.webpush import Speak
from safecare.notify.dispatch import Late
from safecare.settings import Settings
from safecare.store.devices import Devices
from safecare.store.vault import UnknownKeyError, Vault


def speaker(catalogue: Catalogue, hospital: Hospital) -> Speak:
    """Return what puts a sentence into a language, with the times of a site."""

    def speak(text: Text, language: str, site: str) -> str:
        return catalogue.render(text, language, hospital, site)

    return speak


def build_channels(
    settings: Settings,
    hospital: Hospital,
    clock: Clock,
    devices: Devices,
    secret: bytes,
    vault: Vault,
    late: Late | None = None,
) -> tuple[dict[str, Channel], list[Missing]]:
    """Return the channels by name, and those that step aside because the settings do not set them up.

    A channel's constructor may ask for ``clock``, ``hospital``, ``render`` (a sentence for a notice, in the site's
    language), ``speak`` (a sentence in a given language, with the times of a site), ``public_url``, ``devices``
    (registered phones), ``secret`` (the site's key), ``language`` (of the site), ``late`` (takes a notice and what
    became of it after its sending), and for whatever table of its own stands in the settings under
    ``[channels.<name>]``. What begins there with ``key:`` names a secret of `vault`.
    """
    catalogue = Catalogue.load()

    def render(text: Text, notice: Notice) -> str:
        return catalogue.render(text, settings.language, hospital, notice.site)

    given = {
        "clock": clock,
        "hospital": hospital,
        "render": render,
        "speak": speaker(catalogue, hospital),
        "public_url": settings.console.public_url,
        "devices": devices,
        "secret": secret,
        "language": settings.language,
        "late": lambda notice, receipt: late.put((notice, receipt)) if late is not None else None,
    }
    found = channels()
    built: dict[str, Channel] = {}
    missing = list(found.missing)
    for name, kind in found.parts.items():
        try:
            built[name] = kind(**_arguments(kind, {**given, **vault.filled(settings.channels.get(name, {}))}))
        except (TypeError, ValueError, UnknownKeyError) as error:
            missing.append(Missing(f"channel {name}", f"not set up: {error}"))
    return built, missing


def _arguments(kind: type, given: Mapping[str, object]) -> dict[str, object]:
    asked = inspect.signature(kind).parameters
    lacking = [name for name, one in asked.items() if one.default is inspect.Parameter.empty and name not in given]
    if lacking:
        raise ValueError(f"[channels.{getattr(kind, 'name', kind.__name__)}] lacks {', '.join(lacking)}")
    return {name: value for name, value in given.items() if name in asked}
