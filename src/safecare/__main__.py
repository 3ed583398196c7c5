"""``python -m safecare``: the command line."""

from safecare.cli import main

main()
