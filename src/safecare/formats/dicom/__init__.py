"""DICOM files: our own structural reader, bounded and without copies, for bytes that an attacker may have written."""

from safecare.formats.dicom.model import Dicom, DicomError, DicomLimitError, Element, Syntax, shown
from safecare.formats.dicom.read import looks_like_dicom, read_dicom

__all__ = ["Dicom", "DicomError", "DicomLimitError", "Element", "Syntax", "looks_like_dicom", "read_dicom", "shown"]
