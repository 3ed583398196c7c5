"""Locating systems that tell where tags are, and who calls for help by one."""
