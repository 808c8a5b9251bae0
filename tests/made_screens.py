"""Real virtual screens."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest

SIZE = (640, 400)
needs_screen = pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed")


@contextmanager
def virtual_screen(*name):
    """A black screen of its own name, or of the one that is given."""
    reading, writing = os.pipe()
    command = [
        "Xvfb",
        *name,
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        f"{SIZE[0]}x{SIZE[1]}x24",
        "-br",
    ]
    command += ["-noreset", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as answer:
        number = answer.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.kill()
        server.wait(10)
