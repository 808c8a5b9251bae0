"""Frames, sources, pipeline and painting: everything of the application that needs no Qt."""
