"""Following what was found from frame to frame: its motion, and which instance it is."""
