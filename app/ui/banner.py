"""One-line notices over the picture's top and bottom edge; the centre stays free."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.ui.notices import Answer, Notice
from app.ui.theme import Level, button, icon

ICON_OF_LEVEL = {
    Level.QUIET: "info",
    Level.GOOD: "info",
    Level.WATCH: "warning",
    Level.BAD: "fault",
}


class OneLine(QLabel):
    """A label that shortens its text in the middle instead of asking for more room."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._whole = text
        self.setToolTip(text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_line(self, text: str) -> None:
        """Takes another text."""
        if text != self._whole:
            self._whole = text
            self.setToolTip(text)
            self._shorten()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Shortens the text to the new width."""
        super().resizeEvent(event)
        self._shorten()

    def _shorten(self) -> None:
        self.setText(
            self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width())
        )


class Banner(QWidget):
    """One notice with its sign, its line and a button for each answer.

    Signals:
        answered: the `Answer` of the pressed button.
    """

    answered = Signal(Answer)

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.setProperty("level", notice.level.value)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        sign = QLabel()
        sign.setPixmap(icon(ICON_OF_LEVEL[notice.level]).pixmap(QSize(24, 24)))
        self._line = QLabel(notice.text)
        self._line.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 6, 4)
        row.setSpacing(10)
        row.addWidget(sign)
        row.addWidget(self._line, stretch=1)
        for answer, words in notice.answers:
            press = button(words, words)
            press.clicked.connect(lambda _=False, answer=answer: self.answered.emit(answer))
            row.addWidget(press)
        if not notice.answers:
            self.setMinimumHeight(44)


class BannerStack(QWidget):
    """All notices of one edge of the picture, one below the other.

    Signals:
        answered: the `Answer` of the pressed button.
    """

    answered = Signal(Answer)

    def __init__(self) -> None:
        super().__init__()
        self._banners: dict[Notice, Banner] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(8)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.hide()

    @property
    def texts(self) -> tuple[str, ...]:
        """The lines on screen, from top to bottom."""
        return tuple(notice.text for notice in self._banners)

    def show_notices(self, notices: tuple[Notice, ...]) -> None:
        """Shows these notices; one that stays keeps its widget: no press on it is lost."""
        if notices == tuple(self._banners):
            return
        shown = {notice: self._banners.get(notice) or self._banner(notice) for notice in notices}
        for notice, banner in self._banners.items():
            if notice not in shown:
                banner.hide()
                banner.deleteLater()
        for place, banner in enumerate(shown.values()):
            self._column.insertWidget(place, banner)
        self._banners = shown
        self.setVisible(bool(shown))

    def _banner(self, notice: Notice) -> Banner:
        banner = Banner(notice)
        banner.answered.connect(self.answered)
        return banner
