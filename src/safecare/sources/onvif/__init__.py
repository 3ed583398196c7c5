"""Cameras, recorders and door controllers that tell what they judge by themselves, over ONVIF."""
