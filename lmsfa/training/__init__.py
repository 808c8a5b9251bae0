"""Assignment, losses and the loop that trains a network."""
