"""The window: the only place, with main.py, that knows Qt."""
