"""Starts `main.py` as a user does, in a window on a virtual screen, and looks at its pixels."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from made_screens import virtual_screen

from lmsfa.cropping import predict_within
from lmsfa.overlay import OverlayStyle, Painter
from lmsfa.quality.field import field_of
from lmsfa.registry import load_engine

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "weights" / "lmsfa-larynx.safetensors"
DEMO = ROOT / "resources" / "demo" / "larynx-demo.mkv"
SCREEN = (1280, 900)
FRAME_RGB = (255, 0, 255)
"""A border in a colour that no tissue has shows where on the screen the picture lies."""
BORDER_PX = 6
PATIENCE_S = 90

needs_screen = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool")),
    reason="Xvfb and xdotool are not installed",
)


def _demo_frame() -> np.ndarray:
    """A frame of the demo clip with the border."""
    with av.open(str(DEMO)) as clip:
        frame = next(islice(clip.decode(video=0), 360, None))
    rgb = frame.to_ndarray(format="rgb24")
    return cv2.copyMakeBorder(
        rgb[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX],
        *[BORDER_PX] * 4,
        cv2.BORDER_CONSTANT,
        value=FRAME_RGB,
    )


@pytest.fixture(scope="module")
def still_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds in which nothing moves, so that screenshots can be compared."""
    path = tmp_path_factory.mktemp("clip") / "still.mkv"
    rgb = _demo_frame()
    with av.open(str(path), "w") as clip:
        stream = clip.add_stream("mjpeg", 25)
        stream.height, stream.width = rgb.shape[:2]
        stream.pix_fmt = "yuvj444p"
        stream.options = {"qmin": "1", "qmax": "1"}
        stream.time_base = Fraction(1, 25)
        for index in range(150):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = index
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode())
    return path


@contextmanager
def _main(display: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`main.py` on the screen; it must end in peace when it is asked to."""
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    program = subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield program
    finally:
        program.terminate()
        program.communicate(timeout=20)


def _look(display: str) -> np.ndarray:
    """The screen as (H, W, 3) uint8 RGB."""
    options = {"video_size": f"{SCREEN[0]}x{SCREEN[1]}", "framerate": "30", "draw_mouse": "0"}
    with av.open(display, format="x11grab", options=options) as grab:
        return next(grab.decode(video=0)).to_ndarray(format="rgb24")


def _wait(
    display: str, seen: Callable[[np.ndarray], bool], program: subprocess.Popen[str]
) -> np.ndarray:
    """Looks until the screen shows it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert program.poll() is None, program.stderr.read()
        screen = _look(display)
        if seen(screen):
            return screen
    pytest.fail("the screen never showed what was waited for")


def _press(display: str, key: str) -> None:
    subprocess.run(
        ["xdotool", "key", "--clearmodifiers", key],
        env={**os.environ, "DISPLAY": display},
        check=True,
    )


def _picture(screen: np.ndarray) -> tuple[slice, slice] | None:
    """Rows and columns of the screen inside the border, None where the picture is not there."""
    border = (np.abs(screen.astype(int) - FRAME_RGB).max(2) < 40).astype(np.uint8)
    rows, columns = np.flatnonzero(border.any(1)), np.flatnonzero(border.any(0))
    if rows.size < 2 or columns.size < 2:
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _middle(shape: tuple[int, int]) -> tuple[slice, slice]:
    """The part of the picture that no banner and no word covers."""
    height, width = shape
    return slice(int(0.25 * height), int(0.6 * height)), slice(int(0.05 * width), int(0.95 * width))


def _expected_alpha(clip: Path, height: int, width: int) -> np.ndarray:
    """Where the overlay of the clip's frame lies, painted for the screen."""
    with av.open(str(clip)) as opened:
        rgb = next(opened.decode(video=0)).to_ndarray(format="rgb24")
    engine = load_engine(WEIGHTS)
    # The frame around the clip's picture is no part of what is seen.
    field, larger = field_of(rgb), (width / rgb.shape[1], height / rgb.shape[0])
    shown = predict_within(engine, rgb, field.rectangle).scaled(*larger)
    layer = Painter().paint(
        shown, engine.card, OverlayStyle(), height, width, field=field.scaled(*larger)
    )
    engine.close()
    return np.asarray(layer[..., 3])


@needs_screen
def test_the_overlay_lies_on_the_structures_and_nowhere_else(still_clip: Path) -> None:
    with (
        virtual_screen(size=SCREEN) as display,
        _main(display, "--source", str(still_clip)) as program,
    ):
        _wait(display, lambda screen: _picture(screen) is not None, program)
        # The colour panel is drawn when the card is known: from then on the model answers.
        _wait(display, lambda screen: _shows_overlay(screen, still_clip), program)
        _press(display, "Escape")
        raw = _wait(display, lambda screen: not _shows_overlay(screen, still_clip), program)
        # Without names: these are part of the overlay, and lie beside structures.
        for key in ("n", "n", "Escape", "Return"):
            _press(display, key)
        marked = _wait(display, lambda screen: _shows_overlay(screen, still_clip), program)
        place = _picture(raw)
        alpha = _expected_alpha(still_clip, *raw[place].shape[:2])
        middle = _middle(alpha.shape)
        changed = np.abs(marked[place][middle].astype(int) - raw[place][middle]).max(2)
        inside = alpha[middle] > 150
        # Scaling spreads a line over its neighbours; beyond them every pixel must be the picture's.
        outside = cv2.dilate(alpha[middle], np.ones((7, 7), np.uint8)) == 0
        assert inside.sum() > 200
        assert outside.sum() > 10_000
        assert (changed[inside] > 12).mean() > 0.9
        assert changed[outside].max() == 0


def _shows_overlay(screen: np.ndarray, clip: Path) -> bool:
    """Whether the picture on screen differs from the clip's where the overlay is expected."""
    place = _picture(screen)
    if place is None:
        return False
    shown = screen[place]
    height, width = shown.shape[:2]
    with av.open(str(clip)) as opened:
        rgb = next(opened.decode(video=0)).to_ndarray(format="rgb24")
    plain = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    middle = _middle((height, width))
    difference = np.abs(shown[middle].astype(int) - plain[middle]).max(2)
    return float((difference > 60).mean()) > 0.003


@needs_screen
def test_a_missing_file_is_said_in_the_window_and_the_window_stays(tmp_path: Path) -> None:
    with (
        virtual_screen(size=SCREEN) as display,
        _main(display, "--source", str(tmp_path / "none.mkv")) as program,
    ):
        _wait(display, lambda screen: (screen.max(2) > 60).mean() > 0.01, program)
        assert program.poll() is None
