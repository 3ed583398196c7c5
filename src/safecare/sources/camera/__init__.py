"""The video door: clips that recorders upload, and live streams. Decoding and vision run in child processes."""
