"""Readers of annotated data sets, augmentation, and what training and evaluation read."""
