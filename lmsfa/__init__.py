"""LMSF-A: real-time instance segmentation of endoscope frames. Importing it imports no torch."""

__version__ = "0.1.0"
