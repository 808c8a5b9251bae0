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
LONGEST_BYTES = 2**28
"""More than the masks of any answer: whoever announces more has lost the thread."""


class GarbledError(Exception):
    """A message that cannot be read; what follows it cannot be told from it either."""


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
            GarbledError: what came is no message.
        """
        head_bytes, more_bytes = _LENGTHS.unpack(self._read(_LENGTHS.size))
        if head_bytes + more_bytes > LONGEST_BYTES:
            raise GarbledError(f"a message of {head_bytes} and {more_bytes} bytes")
        try:
            head = json.loads(self._read(head_bytes))
        except ValueError as error:
            raise GarbledError(f"a head that is no JSON ({error})") from None
        if not isinstance(head, dict):
            raise GarbledError(f"a head that is no object but {type(head).__name__}")
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
