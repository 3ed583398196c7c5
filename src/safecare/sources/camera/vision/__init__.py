"""Frame in, people out: pure classes that know no clock, file or process. Only the camera worker builds them.

The slots are two Protocols in `parts`: a `Finder` (picture -> boxes of people) and a `Tracker` (boxes ->
tracks). Today a background model fills the first one and needs no model file; a person detector takes its
place without a change elsewhere. cv2 and numpy are imported when a class is built, never with the module.
"""
