from functools import partial

import numpy as np
import pytest
from made_clips import square_picture, write_clip
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from app.ui.controller import Controller
from app.ui.theme import apply_theme
from app.ui.window import Window

PATIENT_MS = 60_000


@pytest.fixture
def qtbot(qtbot, monkeypatch):
    """Waits as long as a busy machine may take, where nothing else is asked for."""
    monkeypatch.setattr(qtbot, "waitUntil", partial(qtbot.waitUntil, timeout=PATIENT_MS))
    return qtbot


class Desk:
    """A real window on a real pipeline, and every scene that it was given to show."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.controller = Controller(pipeline)
        self.window = Window(self.controller)
        self.scenes = []
        self.controller.start(self._show, self.window.show_bare)

    def _show(self, scene):
        self.scenes.append(scene)
        self.window.show_scene(scene)

    @property
    def scene(self):
        return self.scenes[-1]

    def press(self, key, modifier=None):
        """Types a key; returns the number of the first scene that can follow from it."""
        QTest.keyClick(self.window, key, *([] if modifier is None else [modifier]))
        return len(self.scenes)

    def grabbed_picture(self):
        """(H, W, 3) RGB of what the view paints now."""
        image = self.window.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


@pytest.fixture
def desk(qtbot, qapp, pipelines):
    """Opens windows: `desk(load, source=..., weights=...)`, with options of the pipeline.

    Overlays may be of any age where nothing else is asked for: how young they can be is a question
    to the machine.
    """
    apply_theme(qapp)

    def make(load, source=None, weights=None, *, max_age_ms=PATIENT_MS, **options):
        made = Desk(pipelines(load, max_age_ms=max_age_ms, **options))
        made.window.resize(1400, 900)
        qtbot.addWidget(made.window)
        made.window.show()
        if source is not None:
            made.controller.open(str(source))
        if weights is not None:
            made.controller.load(weights)
        qtbot.waitUntil(lambda: bool(made.scenes))
        return made

    return make


@pytest.fixture(scope="session")
def square_clip(tmp_path_factory):
    """Twelve seconds with one bright square that the test engines find."""
    path = tmp_path_factory.mktemp("square") / "square.mkv"
    write_clip(path, [square_picture(60, 40, 80, height=240, width=320)] * 300)
    return path


@pytest.fixture(scope="session")
def dark_clip(tmp_path_factory):
    """Twelve seconds in which there is nothing to find."""
    path = tmp_path_factory.mktemp("dark") / "dark.mkv"
    write_clip(path, [square_picture(0, 0, 0, height=240, width=320)] * 300)
    return path
