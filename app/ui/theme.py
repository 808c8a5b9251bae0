"""The look: colours, fonts, icons, style sheet, for a dark room and two metres of distance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from string import Template

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon
from PySide6.QtWidgets import QApplication, QPushButton

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
TOUCH_PX = 48
"""Side of the smallest thing that a gloved finger is asked to hit; the least allowed is 44."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The few colours, as #rrggbb; saturated ones are kept for structures and states."""

    ground: str = "#0b0e11"
    panel: str = "#13181c"
    raised: str = "#1e252b"
    pressed: str = "#2c363e"
    line: str = "#2a333a"
    text: str = "#eef2f5"
    quiet: str = "#a3b0ba"
    faint: str = "#6d7a84"
    good: str = "#54d08f"
    watch: str = "#f4b740"
    bad: str = "#ff7a6b"
    off: str = "#c2362b"


PALETTE = Palette()


class Level(Enum):
    """How much something wants to be looked at: a colour and a shape, and a word beside them."""

    QUIET = "quiet"
    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"

    @property
    def colour(self) -> QColor:
        """The level's colour on the dark ground, at least 4.5 : 1 in contrast."""
        return QColor(getattr(PALETTE, self.value))


def icon(name: str) -> QIcon:
    """The icon resources/icons/NAME.svg."""
    return QIcon(str(RESOURCES / "icons" / f"{name}.svg"))


def button(text: str, tip: str, *, icon_name: str = "", checkable: bool = False) -> QPushButton:
    """A touch button that never takes the keyboard, so that every key keeps its meaning.

    Args:
        text: what it says; may be empty where it has an icon.
        tip: what it does and its key, also read out by screen readers.
        icon_name: name of a file in resources/icons, without ending.
        checkable: True for a button that stays down.
    """
    # Qt leaves no gap of its own between an icon and its text.
    made = QPushButton(f" {text}" if text and icon_name else text)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setCheckable(checkable)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setMinimumSize(TOUCH_PX, TOUCH_PX)
    if icon_name:
        made.setIcon(icon(icon_name))
        made.setIconSize(QSize(22, 22))
    return made


def apply_theme(application: QApplication) -> None:
    """Gives the application its font and style sheet."""
    application.setStyle("Fusion")
    application.setFont(_interface_font())
    application.setStyleSheet(style_sheet())


def style_sheet() -> str:
    """resources/theme.qss with the palette's colours in place of its $names."""
    source = (RESOURCES / "theme.qss").read_text(encoding="utf-8")
    return Template(source).substitute(asdict(PALETTE))


def _interface_font() -> QFont:
    """The system's sans with figures of one width, so that counting numbers stand still."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if not font.exactMatch() and "Noto Sans" in QFontDatabase.families():
        font = QFont("Noto Sans")
    font.setPixelSize(16)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
