"""Log records of other systems (Windows event logs, JSON, syslog, CEF) as flat fields with one kind of names."""
