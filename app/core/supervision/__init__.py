"""The model in a process of its own, watched, and ended when it does not answer."""
