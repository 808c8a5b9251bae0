"""A made endoscopic scene with exactly known masks. Synthetic: nothing in it is a recording."""
