"""HTTP API, live stream and pages. Reads the store, publishes acts."""
