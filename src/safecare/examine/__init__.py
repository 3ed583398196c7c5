"""Judging of files: bytes in, verdict out. Pure, bounded, recursive; live it runs in confined workers."""
