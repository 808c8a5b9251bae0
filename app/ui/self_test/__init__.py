"""The self-test: the program's promises, tried on this machine in its own window."""
