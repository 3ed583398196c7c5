"""Hikvision cameras and recorders that tell what they judge by themselves, over ISAPI."""
