"""Long trials of the program under real conditions: `make soak` runs them whole."""
