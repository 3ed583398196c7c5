"""Analysers of medical files: DICOM, HL7 v2, CDA, FHIR."""
