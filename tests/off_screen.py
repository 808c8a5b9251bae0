"""For programs that open windows of their own where nobody may be there to see them."""

import os
import sys

from app.core.display import why_no_window


def draw_into_memory_without_display():
    """Has Qt draw into memory where it could open no window, and would abort the program."""
    if why_no_window():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        print("No display: windows are drawn into memory.", file=sys.stderr)
