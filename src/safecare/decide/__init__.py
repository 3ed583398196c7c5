"""Decide: forecast in, plan out. Playbooks are tried on the cascade; a person approves."""
