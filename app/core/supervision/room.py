"""Memory in which one frame lies for two processes.

It has no name in any file system, so that nothing is left behind however a process ends: on Linux
and macOS it is an open file that the child inherits, on Windows it goes with its last holder. One
frame has room: the next one is put only when this one is answered.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from itertools import count

import numpy as np
from numpy.typing import NDArray

from app.core.supervision.channel import Head

_numbers = count(1)


class FrameRoom:
    """The giving side. Grows with the frames and never shrinks. One thread."""

    def __init__(self) -> None:
        """Makes an empty room."""
        self._file = None if sys.platform == "win32" else _unnamed_file()
        self._memory: mmap.mmap | None = None
        self._size = 0
        own = f"lmsfa-{os.getpid()}-{next(_numbers)}"
        self.name = own if self._file is None else str(self._file)

    @property
    def inherited(self) -> tuple[int, ...]:
        """File descriptors that the child must inherit under the same numbers."""
        return () if self._file is None else (self._file,)

    def put(self, rgb: NDArray[np.uint8]) -> Head:
        """Copies a frame into the room.

        Returns:
            What `FrameDoor.frame` needs to find it.
        """
        if self._memory is None or rgb.nbytes > self._size:
            self._size = max(rgb.nbytes, mmap.PAGESIZE)
            if self._file is not None:
                os.ftruncate(self._file, self._size)
            self._memory = _mapped(self.name, self._size)
        np.copyto(np.ndarray(rgb.shape, rgb.dtype, self._memory), rgb)
        return {"shape": rgb.shape, "dtype": rgb.dtype.str, "room": self._size}

    def close(self) -> None:
        """Lets the memory go; the child's share goes with the child."""
        self._memory = None
        if self._file is not None:
            os.close(self._file)
            self._file = None


class FrameDoor:
    """The taking side, in the child."""

    def __init__(self, name: str) -> None:
        """Makes the door to the room of this name."""
        self._name = name
        self._memory: mmap.mmap | None = None
        self._size = 0

    def frame(self, head: Head) -> NDArray[np.uint8]:
        """The frame that was put last, not to be written to, valid until the next one is put."""
        if self._memory is None or head["room"] != self._size:
            self._size = head["room"]
            self._memory = _mapped(self._name, self._size)
        found: NDArray[np.uint8] = np.ndarray(head["shape"], head["dtype"], self._memory)
        found.flags.writeable = False
        return found


def _mapped(name: str, size: int) -> mmap.mmap:
    if sys.platform == "win32":
        # Such memory keeps its first size: a larger one is another.
        return mmap.mmap(-1, size, tagname=f"{name}-{size}")
    return mmap.mmap(int(name), size)


def _unnamed_file() -> int:
    if sys.platform != "linux":
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
    return os.memfd_create("frames")
