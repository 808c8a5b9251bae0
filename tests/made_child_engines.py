"""Engines for a process of their own: each does what the file `fault` in its weights folder says.

A fault is met once, because meeting it takes the file away; one that ends in "always" stays.
"""

import ctypes
import gc
import os
import signal
import struct
import sys
import time
import zlib

import numpy as np
from made_engines import SquareEngine

from app.core.supervision.channel import Channel
from lmsfa.registry import EngineError

LONG_S = 60
LOOKED_AT_PX = 720


def _hold_python():
    """Hangs in a library that lets no other thread of Python run."""
    ctypes.PyDLL(None).sleep(LONG_S)


def _print_and_go_on():
    os.write(1, b"a library counts to three\n" * 3)
    os.write(2, "a library says é\n".encode("latin-1"))
    sys.stdout.write("python prints\n")


def _raise(error):
    raise error


def _send(garbage):
    """Writes into the process's answers what its own code never would."""
    channel = next(entry for entry in gc.get_objects() if isinstance(entry, Channel))
    channel._writing.write(garbage)
    channel._writing.flush()


def _message(text, announced=None, more=b""):
    return struct.pack("<QQ", announced or len(text), len(more)) + text + more


ANSWER = (
    b'{"frame_index": 0, "captured_s": 0, "activity": null, "model_id": "", "candidates": [],'
    b' "instances": [{"class_id": 0, "score": 1, "box": [0, 0, 9, 9], "shape": [64, 64],'
    b' "placement": [0, 0, 1, 1]}]}'
)


FAULTS = {
    "garbage noise": lambda: _send(np.random.default_rng(1).bytes(64)),
    "garbage long": lambda: _send(_message(b"{}", announced=2**50)),
    "garbage list": lambda: _send(_message(b"[1]")),
    "garbage bare": lambda: _send(_message(b"{}")),
    "garbage short": lambda: _send(_message(ANSWER, more=bytes(9))),
    "slow": lambda: time.sleep(2.5),
    "SIGSEGV": lambda: ctypes.string_at(0),
    "SIGABRT": os.abort,
    "SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(3),
    "memory": lambda: _raise(MemoryError("no memory for 3 tensors")),
    "error": lambda: _raise(ValueError("broken")),
    "hang": lambda: time.sleep(LONG_S),
    "hold": _hold_python,
    "SIGSTOP": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "stop the program": lambda: os.kill(os.getppid(), signal.SIGSTOP),
    "NaN": lambda: _raise(EngineError("the model answered with NaN; load other weights")),
    "print": _print_and_go_on,
}


class FaultyEngine(SquareEngine):
    """Says by its answers which process it lives in and what it was shown."""

    def __init__(self, weights):
        super().__init__(model_id=str(os.getpid()))
        self.reason = " ".join({name.partition(".")[0] for name in sys.modules})
        self._fault = weights / "fault"
        self._slower_s = 0.0

    def predict(self, rgb, frame_index=0, captured_s=0.0):
        meet(self._fault)
        slow = self._fault.with_name("slower")
        if slow.exists():
            self._slower_s = 4 * self._slower_s or 0.1
            time.sleep(self._slower_s)
        found = super().predict(rgb[:LOOKED_AT_PX, :LOOKED_AT_PX], frame_index, captured_s)
        return type(found)(frame_index, captured_s, found.instances, shown(rgb), found.model_id)


def shown(rgb):
    """What a frame is, in words, with a sum over its pixels."""
    return f"{rgb.shape} {rgb.dtype} {zlib.crc32(np.ascontiguousarray(rgb))}"


def meet(fault):
    """Meets the fault that a file asks for, where there is one."""
    try:
        name = fault.read_text()
    except FileNotFoundError:
        return
    if not name:
        return
    if not name.endswith("always"):
        fault.unlink()
    FAULTS[name.removesuffix("always").strip()]()


def load(weights, runtime, *, threads):
    """As `child.Loader`; a file `loading` is a fault met while it loads."""
    (weights / "process").write_text(str(os.getpid()))
    meet(weights / "loading")
    return FaultyEngine(weights)
