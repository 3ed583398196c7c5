"""The words of Safecare as frozen types. This room imports nothing of ours."""
