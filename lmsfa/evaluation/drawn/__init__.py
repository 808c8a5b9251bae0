"""Judges what is painted, as the eye gets it."""
