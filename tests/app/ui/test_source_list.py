"""The page of sources: what is connected, its modes, and what was never tried."""

import pytest
from made_engines import SquareEngine, loader
from made_screens import needs_screen, virtual_screen
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.core.sources.devices import Camera
from app.core.sources.modes import USUAL_MODES
from app.ui.source_bar import source_words
from app.ui.theme import TOUCH_PX

PATIENT_MS = 60_000


@pytest.fixture
def sheet(desk, qtbot, tmp_path, monkeypatch):
    camera = Camera(4, "Grabber HDMI", str(tmp_path / "video4"))
    monkeypatch.setattr("app.core.sources.listing.list_cameras", lambda: (camera,))
    monkeypatch.delenv("DISPLAY", raising=False)
    made = desk(loader(SquareEngine()))
    made.window.column.show_camera()
    qtbot.waitUntil(lambda: bool(made.window.column.camera.entries), timeout=PATIENT_MS)
    return made, made.window.column.camera


def click(press):
    QTest.mouseClick(press, Qt.MouseButton.LeftButton)


def test_a_camera_is_listed_with_its_name_and_that_none_was_tried(sheet):
    _, page = sheet
    entry = page.entries[0]
    assert "Grabber HDMI" in entry.opener.text()
    texts = [label.text() for label in entry.findChildren(QLabel)]
    assert texts == ["camera:4, not run on hardware"]


def test_a_mode_is_chosen_by_pressing_it(sheet, qtbot):
    _, page = sheet
    entry = page.entries[0]
    assert not any(press.isVisible() for press in entry.modes)
    click(entry.unfold)
    assert all(press.isVisible() for press in entry.modes)
    assert min(press.height() for press in entry.modes) >= TOUCH_PX - 4
    assert [press.text() for press in entry.modes] == [mode.words for mode in USUAL_MODES]
    with qtbot.waitSignal(page.chosen) as chosen:
        click(entry.modes[0])
    assert chosen.args == ["camera:4,size=1920x1080,fps=60"]
    with qtbot.waitSignal(page.chosen) as chosen:
        click(entry.opener)
    assert chosen.args == ["camera:4"]


def test_what_has_no_modes_offers_none_and_is_opened_by_its_button(sheet, qtbot):
    made, page = sheet
    entry = page.entries[-1]
    assert not entry.unfold.isVisible()
    click(entry.opener)
    qtbot.waitUntil(lambda: made.scene.snapshot.frame is not None, timeout=PATIENT_MS)
    assert "SYNTHETIC" in made.scene.snapshot.source.info.name


@needs_screen
def test_the_window_says_that_it_shows_a_copy_of_the_screen(sheet, qtbot, monkeypatch):
    made, page = sheet
    with virtual_screen() as display:
        monkeypatch.setenv("DISPLAY", display)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        page.look()
        qtbot.waitUntil(lambda: len(page.entries) == 3, timeout=PATIENT_MS)
        assert "Copy of the screen, 640 × 400" in page.entries[1].opener.text()
        click(page.entries[1].opener)
        qtbot.waitUntil(lambda: made.scene.snapshot.frame is not None, timeout=PATIENT_MS)
        assert source_words(made.scene.snapshot.source) == "SCREEN COPY · 640 × 400 · 30 fps"
        made.pipeline.close()


def test_looking_again_forgets_what_is_gone(sheet, qtbot, monkeypatch):
    _, page = sheet
    monkeypatch.setattr("app.core.sources.listing.list_cameras", tuple)
    page.look()
    qtbot.waitUntil(lambda: len(page.entries) == 1, timeout=PATIENT_MS)
    assert "No camera" in page.findChildren(QLabel)[1].text()
