"""Public test tools: clock, small hospital, harnesses for detectors and sources."""
