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
    "libxcb.so.1",
)
"""Without these Qt's X11 part aborts the whole program, where nothing can be caught any more."""
OTHERWISE = "start it on a desktop, or use --headless --output VIDEO.mkv --report REPORT.json"
NO_DISPLAY = f"no display was found (DISPLAY and WAYLAND_DISPLAY are not set); {OTHERWISE}"


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
    return _why_no_x11() if chosen == "xcb" or not wayland else ""


def _why_no_x11() -> str:
    for library in X11_LIBRARIES:
        try:
            ctypes.CDLL(library)
        except OSError:
            return missing_libraries_line(library)
    if _x11_answers():
        return ""
    return f"the display {os.environ.get('DISPLAY', '')!r} does not answer; {OTHERWISE}"


def _x11_answers() -> bool:
    """Whether the X server that DISPLAY names lets this program in, tried as Qt will try it."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    answers: bool = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return answers
