"""Which pictures are for training and which for judging, so that nothing leaks."""
