"""Procedures: playbooks that people follow step by step, with branches; proposed, never started by themselves."""
