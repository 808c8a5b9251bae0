"""Long trials of the program under real conditions: `make soak` runs them whole."""

import sys
from pathlib import Path

# What other tests are made of lies there; pytest finds it by itself, `python -m tests.soak` and the
# model's process do not.
sys.path.append(str(Path(__file__).parents[1]))
