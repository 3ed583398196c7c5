"""Logs of other systems: syslog over the network, files put into a folder, records posted over HTTP."""
