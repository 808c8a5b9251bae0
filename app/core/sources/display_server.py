"""Whether the X server that draws the screen is still there.

FFmpeg's copy shares memory with the server and goes on with its last picture when that is gone.
"""

from __future__ import annotations

import socket
import time

CHECK_S = 1.0
LIMIT_S = 0.5
FIRST_PORT = 6000


class DisplayServer:
    """Follows one X server. On one thread.

    Args:
        display: as in DISPLAY: ":0", ":0.0", "host:10".
    """

    def __init__(self, display: str) -> None:
        self._display = display
        # Where it cannot be reached in this way from the start, that says nothing later.
        self._can_be_asked = _answers(display)
        self._asked_s = time.monotonic()

    def is_gone(self) -> bool:
        """Whether it was there and does not answer any more; asks at most once a second."""
        now_s = time.monotonic()
        if not self._can_be_asked or now_s - self._asked_s < CHECK_S:
            return False
        self._asked_s = now_s
        return not _answers(self._display)


def _answers(display: str) -> bool:
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    try:
        if host in ("", "unix"):
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(LIMIT_S)
                line.connect(f"/tmp/.X11-unix/X{number}")
        else:
            port = FIRST_PORT + int(number)
            socket.create_connection((host, port), timeout=LIMIT_S).close()
    except (OSError, ValueError):
        return False
    return True
