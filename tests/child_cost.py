"""Measures what an engine in a process of its own takes longer than one in the same process.

    python -m tests.child_cost [--rounds 200]

Prints one JSON object: the medians for 1280 x 720 frames of the demo clip, timed in turns.
"""

import argparse
import json
from itertools import cycle
from pathlib import Path

import av
import cv2
import numpy as np

from app.core.supervision.engine import ChildLoader
from lmsfa.backends.threads import thread_budget
from lmsfa.interleaving import interleaved_ms
from lmsfa.registry import load_engine
from lmsfa.shipped import DEMO_CLIP, WEIGHTS

SIZE = (1280, 720)
EVERY = 25
"""The clip holds each picture for so many frames."""


def pictures(path: Path) -> list[np.ndarray]:
    """The clip's different pictures, as (720, 1280, 3) uint8 RGB."""
    with av.open(str(path)) as clip:
        frames = [frame for n, frame in enumerate(clip.decode(video=0)) if n % EVERY == 0]
    return [cv2.resize(frame.to_ndarray(format="rgb24"), SIZE) for frame in frames]


def measure(rounds: int) -> dict[str, object]:
    """Answers the same frames in both ways, in turns."""
    frames = pictures(DEMO_CLIP)
    engines = (load_engine(WEIGHTS), ChildLoader(thread_budget())(WEIGHTS, "auto"))
    turns = [cycle(frames) for _ in engines]
    runs = [
        lambda engine=engine, turn=turn: engine.predict(next(turn))
        for engine, turn in zip(engines, turns, strict=True)
    ]
    here_ms, child_ms = interleaved_ms(runs, rounds, 20).T
    for engine in engines:
        engine.close()
    return {
        "rounds": rounds,
        "frame": "x".join(map(str, SIZE)),
        "engine": engines[0].runtime,
        "in_process_ms": round(float(np.median(here_ms)), 2),
        "in_child_ms": round(float(np.median(child_ms)), 2),
        "difference_ms": round(float(np.median(child_ms) - np.median(here_ms)), 2),
        "median_of_differences_ms": round(float(np.median(child_ms - here_ms)), 2),
    }


def main() -> None:
    """Reads the argument and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    print(json.dumps(measure(parser.parse_args().rounds), indent=2))


if __name__ == "__main__":
    main()
