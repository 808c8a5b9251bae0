"""Asks for a file or folder without stopping the picture."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFileDialog, QWidget

RECORDINGS = (
    "Recordings (*.mkv *.mp4 *.mov *.avi *.mpg *.mpeg *.m2ts *.ts *.webm *.wmv);;All files (*)"
)
WEIGHTS = "Weights (*.safetensors)"


def ask_recording(parent: QWidget, chosen: Callable[[str], None]) -> None:
    """Asks for a recording and hands its path to `chosen`."""
    _ask(parent, "Open a recording", chosen, QFileDialog.FileMode.ExistingFile, RECORDINGS)


def ask_folder(parent: QWidget, chosen: Callable[[str], None]) -> None:
    """Asks for a folder of pictures and hands its path to `chosen`."""
    _ask(parent, "Open a folder of pictures", chosen, QFileDialog.FileMode.Directory, "")


def ask_weights(parent: QWidget, chosen: Callable[[str], None]) -> None:
    """Asks for a weights file and hands its path to `chosen`."""
    _ask(parent, "Choose a model's weights", chosen, QFileDialog.FileMode.ExistingFile, WEIGHTS)


def _ask(
    parent: QWidget,
    title: str,
    chosen: Callable[[str], None],
    mode: QFileDialog.FileMode,
    filters: str,
) -> None:
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(mode)
    if filters:
        dialog.setNameFilter(filters)
    dialog.fileSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    # Never modal: AI OFF must stay within reach while somebody looks for a file.
    dialog.setModal(False)
    dialog.show()
