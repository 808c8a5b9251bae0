"""What a picture says of its own signal: whether it is live at all, and what is wrong with it."""
