"""Forecast in, plan out: playbooks, ranking, approval."""
