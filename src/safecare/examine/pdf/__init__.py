"""PDF: what acts by itself, what it holds, and where readers would disagree about what it shows."""
