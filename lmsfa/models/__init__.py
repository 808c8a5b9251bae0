"""The networks, each in a file that reads like its paper's figure."""
