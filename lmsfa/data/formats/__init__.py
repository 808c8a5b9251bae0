"""A reader and a writer a format of annotations, and what they share."""
