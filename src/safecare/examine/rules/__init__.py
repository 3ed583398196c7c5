"""YARA rules: the project's own, and those that a site adds."""
