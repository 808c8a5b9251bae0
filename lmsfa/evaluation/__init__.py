"""Figures that are believed: gathered once, judged by libraries, with intervals."""
