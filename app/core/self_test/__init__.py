"""Whether this machine keeps the program's promises: pictures to find out with, and the answers."""
