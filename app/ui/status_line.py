"""The line that is always in sight: model state, training domain, system, research use."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.core.caption import caption, system_title
from app.core.snapshot import ModelStatus
from app.ui.ai_state import AiState
from app.ui.banner import OneLine
from app.ui.state_mark import StateMark
from app.ui.theme import PALETTE, Level

RESEARCH_LINE = "Research use only - not a medical device"


class StatusLine(QWidget):
    """State by sign and word, what the model has seen, which it is, where, what this is not."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusLine")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._shown: tuple[str, Level] | None = None
        self._mark = StateMark(18)
        self._word = QLabel()
        self._word.setObjectName("aiWord")
        self._detail = QLabel()
        self._domain = QLabel()
        self._domain.setObjectName("domain")
        self._system = QLabel()
        # The least needed of the line: it gives way where the window is narrow.
        self._runtime = OneLine("")
        self._runtime.setProperty("role", "quiet")
        research = QLabel(RESEARCH_LINE)
        research.setProperty("role", "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(10)
        for widget in (self._mark, self._word, self._detail, _divider(), self._domain):
            row.addWidget(widget)
        row.addSpacing(8)
        row.addWidget(self._system)
        row.addWidget(self._runtime, stretch=1)
        row.addWidget(research)

    @property
    def text(self) -> str:
        """Everything the line says, for reading out."""
        return "  ".join(label.text() for label in self.findChildren(QLabel))

    def show_state(self, ai: AiState, model: ModelStatus) -> None:
        """Shows the model's state, its training domain, which it is and where it runs."""
        self._mark.show_level(ai.level)
        if (ai.word, ai.level) != self._shown:
            self._shown = (ai.word, ai.level)
            self._word.setText(ai.word)
            self._word.setStyleSheet(f"color: {ai.level.colour.name()};")
        self._detail.setText(ai.detail)
        self._detail.setVisible(bool(ai.detail))
        card = model.card
        self._domain.setText(caption(card))
        self._domain.setToolTip(card.demonstration if card is not None else "")
        self._system.setText(system_title(card) if card is not None else "")
        runtime = " · ".join(part for part in (model.runtime, model.device) if part)
        self._runtime.show_line(runtime)
        self._runtime.setToolTip(f"{runtime}\n{model.reason}" if model.reason else runtime)


def _divider() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.VLine)
    line.setStyleSheet(f"color: {PALETTE.line};")
    return line
