"""I/O in, event out: the doors through which the world speaks to us."""
