"""Incident in, forecast out: the cascade through assets to care."""
