"""Syslog of firewalls and other machines, and Wazuh's alerts."""
