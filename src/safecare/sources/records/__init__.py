"""Inspection points of health records: between a sender and the system that takes HL7 v2 or FHIR."""
