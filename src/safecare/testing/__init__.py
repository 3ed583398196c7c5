"""Public fakes for tests, ours and those of others: small hospitals, golden cases."""

from safecare.testing.hospital import small_hospital

__all__ = ["small_hospital"]
