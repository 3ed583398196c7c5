"""Foreign bytes to structures and back: pure, bounded, fuzzed. No I/O, no clock."""
