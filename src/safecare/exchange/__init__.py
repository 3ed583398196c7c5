"""The log that everything travels on: durable batches, named groups, replay."""
