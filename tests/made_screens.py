"""Real virtual screens."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest

SIZE = (640, 400)
needs_screen = pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed")


@contextmanager
def virtual_screen(*name, size=SIZE):
    """A black screen of its own name, or of the one that is given."""
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        *name,
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        f"{size[0]}x{size[1]}x24",
        "-br",
    ]
    # Else the server starts anew when its last client leaves, and refuses whoever comes just then:
    # a screenshot taken before the program is there is such a client.
    command += ["-noreset", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as answer:
        number = answer.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)
