"""What a surgeon and a reviewer read of a training: one page, one file, no request to anywhere."""
