"""A copy of the screen as a source, on a real virtual screen."""

import os
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest
from made_clips import now, until
from made_screens import SIZE, needs_screen, virtual_screen

from app.core.pipeline import Pipeline
from app.core.snapshot import SourceState
from app.core.sources import SourceError, open_source
from app.core.sources.listing import list_sources
from app.core.sources.screen import ScreenSpec, read_spec

VIEWER = """
import sys
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QRasterWindow, QPainter
class Viewer(QRasterWindow):
    def paintEvent(self, event):
        QPainter(self).fillRect(0, 0, 320, 240, Qt.GlobalColor.red)
application = QGuiApplication(sys.argv)
viewer = Viewer()
viewer.setFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.BypassWindowManagerHint)
viewer.setGeometry(100, 50, 320, 240)
viewer.show()
application.exec()
"""
"""Another program on the same computer that shows a picture."""


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with virtual_screen() as display:
        monkeypatch.setenv("DISPLAY", display)
        yield display


@contextmanager
def viewer(display):
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    program = subprocess.Popen([sys.executable, "-c", VIEWER], env=environment)
    try:
        yield
    finally:
        program.kill()
        program.wait(10)


def is_red(rgb):
    return (rgb[..., 0] > 250).all() and (rgb[..., 1:] < 5).all()


@needs_screen
def test_a_viewer_program_is_shown_by_its_region_of_the_screen(screen):
    with viewer(screen), closing(open_source("screen:")) as whole:
        info = whole.open()
        assert (info.width, info.height) == SIZE
        assert info.name == "SCREEN COPY"
        assert not info.is_recording
        shown = until(lambda: (found := whole.read()).rgb.max() > 250 and found).rgb
        assert is_red(shown[50:290, 100:420])
        assert shown[:50].max() == 0
        assert shown[:, 420:].max() == 0
        with closing(open_source("screen:region=100,50,320x240,fps=15")) as part:
            info = part.open()
            assert info.name == "SCREEN COPY from 100, 50 on"
            assert info.rate_fps == 15
            rgb = part.read().rgb
            assert rgb.shape == (240, 320, 3)
            assert is_red(rgb)


@needs_screen
def test_the_screen_is_listed_where_there_is_one(screen, monkeypatch):
    names = {source.spec: source.name for source in list_sources()}
    assert names["screen:"] == "Copy of the screen, 640 × 400"
    monkeypatch.delenv("DISPLAY")
    assert "screen:" not in {source.spec for source in list_sources()}


@needs_screen
@pytest.mark.parametrize("region", ["600,0,64x48", "0,380,64x48", "-5,0,64x48", "0,0,641x400"])
def test_a_region_outside_the_screen_is_refused_with_its_size(screen, region):
    source = open_source(f"screen:region={region}")
    with pytest.raises(SourceError, match=r"outside the screen, which is 640 × 400; choose one"):
        source.open()
    source.close()


@needs_screen
def test_a_screen_that_goes_away_is_said_and_shown_again_when_it_is_back(monkeypatch):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with closing(Pipeline()) as pipeline:
        with virtual_screen() as display:
            monkeypatch.setenv("DISPLAY", display)
            pipeline.open("screen:")
            until(lambda: now(pipeline).frame)
        until(lambda: now(pipeline).source.state is SourceState.LOST)
        read = now(pipeline).source.frames_read
        with virtual_screen(display):
            until(lambda: now(pipeline).source.frames_read > read)
            assert now(pipeline).source.state is SourceState.PLAYING


@pytest.mark.parametrize(
    ("display", "wayland", "line"),
    [
        ("", "", r"screen:: there is no screen to copy \(DISPLAY is not set\)"),
        (":4711", "", r"screen:: the screen cannot be copied \(.*\); check that the desktop runs"),
        (":0", "wayland-0", "screen:: a Wayland desktop lets no program copy its screen; log in"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="X11 and Wayland are Linux's")
def test_where_there_is_no_screen_one_line_says_so(monkeypatch, display, wayland, line):
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("WAYLAND_DISPLAY", wayland)
    source = open_source("screen:")
    with pytest.raises(SourceError, match=line):
        source.open()
    source.close()


@pytest.mark.parametrize(
    ("spec", "asked"),
    [
        ("screen:", ScreenSpec()),
        ("SCREEN:fps=10", ScreenSpec(rate_fps=10)),
        ("screen:region=-8,5,320x240", ScreenSpec((-8, 5, 320, 240))),
        ("screen:fps=10,region=1,2,32x16", ScreenSpec((1, 2, 32, 16), 10)),
        ("screen:region=1,2,32x16,fps=29.97", ScreenSpec((1, 2, 32, 16), 29.97)),
    ],
)
def test_region_and_rate_are_read(spec, asked):
    assert read_spec(spec) == asked


@pytest.mark.parametrize(
    "part", ["region=1,2,3", "region=0,0,8x8", "fps=0", "fps=many", "fps=100", "size=8x8", "left"]
)
def test_parts_that_are_not_understood_are_refused(part):
    with pytest.raises(SourceError, match="is not understood; expected screen:region="):
        open_source(f"screen:{part}")


def test_a_screen_cannot_be_sought():
    with pytest.raises(SourceError, match="cannot be sought"):
        open_source("screen:").seek(1.0)
