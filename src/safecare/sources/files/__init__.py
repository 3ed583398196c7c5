"""Examiner: parsers of files in a confined process of their own; facts out, never a dead main process."""
