"""Whether a recording survives the death of the program that writes it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer

import av

from app.core.self_test.promise import Promise

NAME = "recording cut off: frames lost"
MOST_LOST_S = 0.5
RATE_FPS = 30
WRITTEN_S = 2.5
PATIENCE_S = 8.0
"""Of which the writer may take some to begin; one that falls silent is ended."""
WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from app.core.recorder import Recorder
rgb = np.random.default_rng(0).integers(0, 255, (360, 640, 3), dtype=np.uint8)
recorder, start_s = Recorder(Path(sys.argv[1]), 30), time.monotonic()
for number in range(3000):
    recorder.write(np.roll(rgb, number, axis=1), number / 30)
    print(number, flush=True)
    time.sleep(max(0.0, start_s + number / 30 - time.monotonic()))
"""
"""Records as the program does, and says after each frame which it was."""


def cut_recording(writer: Sequence[str] = (sys.executable, "-c", WRITER)) -> Promise:
    """Kills a recording program in the middle and reads what it left.

    Args:
        writer: the command; the file's path is added to it.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cut.mkv"
        root = Path(__file__).resolve().parents[3]
        written = _written_until_killed([*writer, str(path)], root)
        readable = _readable_frames(path)
    lost_s = max(0, written - readable) / RATE_FPS
    return Promise(
        NAME,
        f"<= {MOST_LOST_S:g} s",
        f"{lost_s:.2f} s of {written / RATE_FPS:.1f} s",
        kept=written > RATE_FPS * MOST_LOST_S and lost_s <= MOST_LOST_S,
    )


def _written_until_killed(command: Sequence[str], root: Path) -> int:
    program = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    written = 0
    limit = Timer(PATIENCE_S, program.kill)
    limit.start()
    try:
        for line in program.stdout or ():
            written = int(line) + 1
            if written >= WRITTEN_S * RATE_FPS:
                break
    finally:
        limit.cancel()
        program.kill()
        program.communicate()
    return written


def _readable_frames(path: Path) -> int:
    try:
        with av.open(str(path)) as container:
            return sum(1 for _ in container.decode(video=0))
    except (OSError, av.FFmpegError, IndexError):
        return 0
