"""Pages that open in the right-hand column, so that nothing ever lies over the picture."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.ui.keyboard import OVERVIEW
from app.ui.status_line import RESEARCH_LINE
from app.ui.theme import button
from lmsfa import __version__

ABOUT = (
    f"Video overlay {__version__}",
    f"{RESEARCH_LINE}.",
    "It may miss structures and mark wrong ones. A picture without marks"
    " is no sign that nothing is there."
    " It stands beside the endoscopy tower's own monitor and never replaces it.",
    "The line at the bottom of the window says which model is loaded and what it was trained on;"
    " on other pictures its marks mean nothing.",
    "Licence of the program: Apache-2.0. Weights and demo clip:"
    " see their model card and attribution.",
)


class Sheet(QWidget):
    """A page with a title and a way back.

    Signals:
        closed: the page was left.
    """

    closed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        heading = QLabel(title)
        heading.setProperty("role", "title")
        leave = button("", "Back to the structures", icon_name="close")
        leave.clicked.connect(self.closed)
        top = QHBoxLayout()
        top.addWidget(heading, stretch=1)
        top.addWidget(leave)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(top)
        column.addLayout(self.body)
        column.addStretch()


def keys_sheet() -> Sheet:
    """Every key and what it does."""
    sheet = Sheet("Keys")
    table = QGridLayout()
    table.setHorizontalSpacing(16)
    table.setVerticalSpacing(9)
    table.setColumnStretch(1, 1)
    for row, (keys, does) in enumerate(OVERVIEW):
        name = QLabel(keys)
        name.setStyleSheet("font-weight: 700;")
        words = QLabel(does)
        words.setWordWrap(True)
        table.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        table.addWidget(words, row, 1)
    sheet.body.addLayout(table)
    return sheet


def about_sheet() -> Sheet:
    """What this is, and what it is not."""
    sheet = Sheet("About")
    for paragraph in ABOUT:
        words = QLabel(paragraph)
        words.setWordWrap(True)
        sheet.body.addWidget(words)
    return sheet


def self_test_sheet(panel: QWidget) -> Sheet:
    """Whether the program keeps its promises here; `panel` knows, and finds out."""
    sheet = Sheet("Self-test")
    sheet.body.addWidget(panel)
    return sheet
