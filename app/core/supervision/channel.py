"""Messages between the program and its model's process: a JSON head, then plain bytes.

Nothing is unpickled: whatever a broken process sends, it can run nothing here.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import IO, Any

Head = dict[str, Any]

_LENGTHS = struct.Struct("<QQ")
"""Bytes of the head and of what follows it."""


class Channel:
    """Two streams, one each way. Each is used on one thread at a time."""

    def __init__(self, reading: IO[bytes], writing: IO[bytes]) -> None:
        """Takes the streams over; `close` closes them."""
        self._reading = reading
        self._writing = writing

    def send(self, head: Head, parts: Sequence[bytes] = ()) -> None:
        """Sends a message, `parts` one after the other behind its head.

        Raises:
            OSError: the other side is gone.
        """
        text = json.dumps(head).encode()
        lengths = _LENGTHS.pack(len(text), sum(map(len, parts)))
        self._writing.write(b"".join((lengths, text, *parts)))
        self._writing.flush()

    def receive(self) -> tuple[Head, bytes]:
        """Waits for a message: its head and what follows it.

        Raises:
            EOFError: the other side is gone.
        """
        head_bytes, more_bytes = _LENGTHS.unpack(self._read(_LENGTHS.size))
        head: Head = json.loads(self._read(head_bytes))
        return head, self._read(more_bytes)

    def close(self) -> None:
        """Closes both streams, whatever has become of the other side."""
        for stream in (self._writing, self._reading):
            try:
                stream.close()
            except OSError:
                # What was still to be sent has nobody to go to.
                continue

    def _read(self, size: int) -> bytes:
        found = self._reading.read(size)
        if len(found) < size:
            raise EOFError("the other side is gone")
        return found
