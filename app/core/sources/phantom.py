"""The made scene as a live source: for tests, and for demonstrations without patients' pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.snapshot import SourceInfo
from app.core.sources.parts import rate_fps, size_px
from app.core.sources.source import Picture, SourceError
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES

SCHEME = "phantom:"
LARGEST_PX = 4096
HIGHEST_FPS = 120.0
WORDS = "SYNTHETIC"
"""Written into every picture: it must not be taken for a recording, wherever it goes."""


@dataclass(frozen=True, slots=True)
class PhantomSpec:
    """What was asked for.

    Attributes:
        scene: a key of `lmsfa.data.phantom.scenes.SCENES`.
        seed: of everything in it.
        width: pixels.
        height: pixels.
        rate_fps: pictures a second.
    """

    scene: str = "surgery"
    seed: int = 0
    width: int = 1280
    height: int = 720
    rate_fps: float = 30.0


class PhantomSource:
    """Gives a picture whenever one is due, like a camera: those that nobody fetched are gone."""

    def __init__(self, spec: str) -> None:
        self._asked = read_spec(spec)
        self._phantom: Phantom | None = None
        self._started_s = 0.0
        self._next = 0

    def open(self) -> SourceInfo:
        """See `Source.open`."""
        asked = self._asked
        self._phantom = Phantom(SCENES[asked.scene], asked.seed, asked.width, asked.height)
        self._started_s, self._next = time.monotonic(), 0
        name = f"{WORDS} phantom, {asked.scene}, seed {asked.seed}"
        return SourceInfo(name, asked.width, asked.height, asked.rate_fps, None)

    def read(self) -> Picture | None:
        """See `Source.read`."""
        if self._phantom is None:
            raise SourceError("phantom: is not open")
        late = int((time.monotonic() - self._started_s) * self._asked.rate_fps)
        index = max(self._next, late)
        self._next = index + 1
        due_s = self._started_s + index / self._asked.rate_fps
        view = self._phantom.at(index / self._asked.rate_fps, index)
        _sign(view.rgb)
        time.sleep(max(0.0, due_s - time.monotonic()))
        return Picture(view.rgb, index, captured_s=due_s)

    def seek(self, time_s: float) -> None:
        """A live source has no positions."""
        raise SourceError(f"phantom: cannot be sought (asked for {time_s:.3f} s)")

    def close(self) -> None:
        """See `Source.close`."""
        self._phantom = None


def read_spec(spec: str) -> PhantomSpec:
    """Reads "phantom:SCENE,seed=3,size=1280x720,fps=30"; every part may be left out.

    Raises:
        SourceError: a part is not known, or out of range.
    """
    found: dict[str, object] = {}
    for part in filter(None, spec[len(SCHEME) :].split(",")):
        name, _, value = part.strip().partition("=")
        try:
            found |= _PARTS[name](value) if name in _PARTS else _scene(part.strip())
        except ValueError:
            raise SourceError(
                f"{spec}: {part!r} is not understood; expected "
                f"{SCHEME}SCENE,seed=0,size=1280x720,fps=30 with a scene of {', '.join(SCENES)}"
            ) from None
    return PhantomSpec(**found)  # type: ignore[arg-type]  # each part gives its field's type


def _scene(name: str) -> dict[str, object]:
    if name not in SCENES:
        raise ValueError(name)
    return {"scene": name}


def _seed(text: str) -> dict[str, object]:
    seed = int(text)
    if seed < 0:
        raise ValueError(text)
    return {"seed": seed}


def _size(text: str) -> dict[str, object]:
    width, height = size_px(text, LARGEST_PX)
    return {"width": width, "height": height}


def _rate(text: str) -> dict[str, object]:
    return {"rate_fps": rate_fps(text, HIGHEST_FPS)}


_PARTS: dict[str, Callable[[str], dict[str, object]]] = {"seed": _seed, "size": _size, "fps": _rate}


def _sign(rgb: NDArray[np.uint8]) -> None:
    scale = rgb.shape[0] / 900
    foot = (round(12 * scale), rgb.shape[0] - round(14 * scale))
    cv2.putText(rgb, WORDS, foot, cv2.FONT_HERSHEY_SIMPLEX, scale, (200, 200, 200), 1, cv2.LINE_AA)
