"""HL7 door: MLLP in, `AppointmentChanged` out."""
