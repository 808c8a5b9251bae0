"""What a picture's scene is worth: where the lens sees, and what keeps it from being seen."""
