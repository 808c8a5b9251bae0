"""The model's process: `python -m app.core.supervision.child ROOM`, started by `EngineProcess`.

Requests come in on the standard input, answers leave on what was the standard output. The first
request loads, every other is a frame. It ends with the program, whatever either of them is doing:
when the requests end, and on Linux when the thread that started it does.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import NoReturn, Protocol, cast

import psutil

from app.core.supervision.answers import as_message
from app.core.supervision.channel import Channel, Head
from app.core.supervision.room import FrameDoor
from lmsfa.registry import Engine, EngineError

logger = logging.getLogger("engine")

LESS_URGENT = 10
"""Steps of niceness: beside a thread that wants it too, a tenth of a processor's time."""
BEAT_S = 1.0
"""So often a process that loads says that it lives."""
SET_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""


class Loader(Protocol):
    """What a request names to load with; as `lmsfa.registry.load_engine`."""

    def __call__(self, weights: Path, runtime: str, *, threads: int | None) -> Engine:
        """Loads weights on this thread."""


def main() -> NoReturn:
    """Serves until the program ends or the engine fails; then the process is gone at once."""
    die_with_parent()
    give_way()
    channel = own_channel()
    faulthandler.enable()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    requests: SimpleQueue[Head] = SimpleQueue()
    Thread(target=_receive, args=(channel, requests), daemon=True).start()
    try:
        serve(requests, channel, FrameDoor(sys.argv[1]))
    except MemoryError:
        logger.exception("no memory")
        channel.send({"lost": "ran out of memory"})
    except Exception as error:
        logger.exception("the engine failed")
        channel.send({"lost": f"failed ({type(error).__name__})"})
    # Nothing is tidied up: a library that has failed once may hang when it is unloaded.
    os._exit(1)


def serve(requests: SimpleQueue[Head], channel: Channel, door: FrameDoor) -> None:
    """Loads what the first request names, then answers frames; returns where it cannot load."""
    try:
        with beating(channel):
            engine = loaded(requests.get())
    except EngineError as error:
        channel.send({"refused": str(error)})
        return
    card = asdict(engine.card)
    said = {"runtime": engine.runtime, "device": engine.device, "reason": engine.reason}
    channel.send({"card": card, **said})
    while True:
        request = requests.get()
        # A hang that lets no Python run is ended too, and the log is told where it stood.
        faulthandler.dump_traceback_later(request["within_s"], exit=True)
        try:
            frame = door.frame(request["frame"])
            prediction = engine.predict(frame, request["index"], request["captured_s"])
            answer, masks = as_message(prediction)
        except EngineError as error:
            answer, masks = {"refused": str(error)}, []
        finally:
            faulthandler.cancel_dump_traceback_later()
        channel.send(answer, masks)


@contextmanager
def beating(channel: Channel) -> Iterator[None]:
    """Says again and again that the process lives, and nothing any more once this is left."""
    over = Event()

    def beat() -> None:
        # Where nobody listens any more, `_receive` ends the process.
        with suppress(OSError):
            while True:
                channel.send({"alive": True})
                if over.wait(BEAT_S):
                    return

    thread = Thread(target=beat, name="heart", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def loaded(request: Head) -> Engine:
    """The engine that a request asks for."""
    module, name = request["loader"].split(":")
    load = cast(Loader, getattr(import_module(module), name))
    return load(Path(request["weights"]), request["runtime"], threads=request["threads"])


def own_channel() -> Channel:
    """The channel, where no library that prints and no further process can disturb it."""
    channel = Channel(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return channel


def die_with_parent() -> None:
    """On Linux even a process that is stopped ends with the one that started it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)


def give_way() -> None:
    """Where processors are short the picture comes first, and the model takes what is left."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(LESS_URGENT)


def _receive(channel: Channel, requests: SimpleQueue[Head]) -> None:
    try:
        while True:
            requests.put(channel.receive()[0])
    except EOFError:
        os._exit(0)


if __name__ == "__main__":
    main()
