"""Sigma rules over log records: loading, matching many rules at once, explaining, and Sigma's own correlations."""
