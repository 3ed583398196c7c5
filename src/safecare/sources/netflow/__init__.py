"""NetFlow v5, v9 and IPFIX of switches and firewalls."""
