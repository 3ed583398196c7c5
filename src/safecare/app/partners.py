"""Those outside to whom people may send incidents, as the settings name them."""

from __future__ import annotations

import msgspec

from safecare.model.plugins import Missing
from safecare.settings import Settings
from safecare.share.taxii import Collection
from safecare.store.vault import UnknownKeyError, Vault


def partners_of(settings: Settings, vault: Vault) -> tuple[dict[str, Collection], list[Missing]]:
    """Return the partners by name, and those that can't be used, with the reason."""
    found: dict[str, Collection] = {}
    missing: list[Missing] = []
    for name, partner in settings.partners.items():
        filled = msgspec.structs.asdict(partner)
        try:
            filled = vault.filled(filled)
            found[name] = Collection(filled.pop("collection"), **filled)
        except (ValueError, UnknownKeyError) as error:
            missing.append(Missing(f"partner {name}", f"not set up: {error}"))
    return found, missing
