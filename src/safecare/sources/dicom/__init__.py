"""DICOM node: images come in by C-STORE, are judged, and go on to the archive."""
