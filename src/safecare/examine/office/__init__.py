"""Office documents: macros, fields that start programs, embedded objects, links that fetch."""
