"""The hospital's identity provider, as the settings name it."""

from __future__ import annotations

from safecare.console.oidc import mistakes
from safecare.console.provider import Provider
from safecare.model.clock import Clock
from safecare.model.hospital import Hospital
from safecare.model.plugins import Missing
from safecare.settings import Oidc
from safecare.store.vault import Vault

SEALED_AS = "oidc"
"""Name of our password at the provider, among the sealed keys (``safecare keys set oidc``)."""


def provider_of(
    settings: Oidc, hospital: Hospital, vault: Vault, clock: Clock
) -> tuple[Provider | None, list[Missing]]:
    """Return the provider, or why it can't be used: then everyone signs in by the other ways."""
    if not settings.issuer:
        return None, []
    wrong = mistakes(settings.groups, hospital)
    if not settings.client:
        wrong.append("[oidc] lacks client")

    def secret() -> str:
        return vault.get(SEALED_AS) if SEALED_AS in vault.names() else ""

    try:
        provider = Provider(settings.issuer, settings.client, settings.claim, secret, clock, settings.scope)
    except ValueError as error:
        wrong.append(str(error))
    return (None, [Missing("oidc", "not set up: " + "; ".join(wrong))]) if wrong else (provider, [])
