"""Makers of real inputs for scripted attacks and their quiet twins: deterministic, from a seed."""
