"""Inputs of scenarios, one file for each kind: bytes that a real sender would send, put in through the real door."""
