"""Whether a window can be opened here, asked before Qt ends the program without a word."""

from __future__ import annotations

import ctypes
import os
import sys

QT_PACKAGES = (
    "libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libxkbcommon-x11-0 "
    "libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-image0 libxcb-render-util0 "
    "libxcb-xinerama0 libxcb-randr0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1"
)
"""What Debian and Ubuntu call the shared libraries that PySide6 needs."""
X11_LIBRARIES = (
    "libxcb-cursor.so.0",
    "libxkbcommon-x11.so.0",
    "libxcb-icccm.so.4",
    "libxcb-keysyms.so.1",
    "libxcb-shape.so.0",
)
"""Without these Qt's X11 part aborts the whole program, where nothing can be caught any more."""
NO_DISPLAY = (
    "no display was found (DISPLAY and WAYLAND_DISPLAY are not set); start it on a desktop, or use "
    "--headless --output VIDEO.mkv --report REPORT.json"
)


def missing_libraries_line(cause: str) -> str:
    """The line for a machine without Qt's shared libraries."""
    return f"Qt's libraries are missing ({cause}); install them: sudo apt-get install {QT_PACKAGES}"


def why_no_window() -> str:
    """One line that says why no window can be opened and what to do; empty where one can."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if sys.platform != "linux" or chosen not in ("", "xcb"):
        return ""
    x11, wayland = os.environ.get("DISPLAY"), os.environ.get("WAYLAND_DISPLAY")
    if not chosen and not x11 and not wayland:
        return NO_DISPLAY
    return _missing_x11_line() if chosen == "xcb" or not wayland else ""


def _missing_x11_line() -> str:
    for library in X11_LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            return missing_libraries_line(library)
    return ""
