"""The overlay's age in the last minute, with the bound drawn in."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.core.meters import WINDOW_S, HistoryPoint
from app.core.pipeline import DEFAULT_MAX_AGE_MS
from app.ui.theme import PALETTE

HEIGHT_PX = 92
ROOM_ABOVE_BOUND = 1.35


class AgeStrip(QWidget):
    """A pyqtgraph curve of the median and the p99 age; gaps are moments without any overlay."""

    def __init__(self) -> None:
        super().__init__()
        self._caption = QLabel()
        self._caption.setProperty("role", "heading")
        self._plot = pg.PlotWidget(background=PALETTE.panel)
        self._plot.setFixedHeight(HEIGHT_PX)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._plot.hideButtons()
        self._plot.setMenuEnabled(False)
        self._plot.setXRange(-WINDOW_S, 0, padding=0.01)
        self._plot.getPlotItem().layout.setContentsMargins(0, 4, 22, 0)
        self._style_axes()
        self._worst = self._plot.plot(pen=pg.mkPen(PALETTE.faint, width=1), connect="finite")
        self._median = self._plot.plot(pen=pg.mkPen(PALETTE.text, width=2), connect="finite")
        self._bound = pg.InfiniteLine(angle=0)
        self._plot.addItem(self._bound)
        self._bound_ms = math.nan
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._caption)
        column.addWidget(self._plot)

    def show_history(
        self, history: tuple[HistoryPoint, ...], now_s: float, bound_ms: float
    ) -> None:
        """Draws the history.

        Args:
            history: points of the last minute, oldest first.
            now_s: the strip's right end, on the clock of the points.
            bound_ms: the oldest overlay that is shown.
        """
        self._show_bound(bound_ms)
        times_s = np.array([point.time_s - now_s for point in history])
        self._median.setData(times_s, _ages([point.figures.age_p50_ms for point in history]))
        self._worst.setData(times_s, _ages([point.figures.age_p99_ms for point in history]))

    def _show_bound(self, bound_ms: float) -> None:
        if bound_ms == self._bound_ms:
            return
        self._bound_ms = bound_ms
        raised = bound_ms > DEFAULT_MAX_AGE_MS
        colour = PALETTE.watch if raised else PALETTE.good
        self._bound.setPos(bound_ms)
        self._bound.setPen(pg.mkPen(colour, width=1.5, style=Qt.PenStyle.DashLine))
        self._plot.setYRange(0, bound_ms * ROOM_ABOVE_BOUND, padding=0)
        self._plot.getAxis("left").setTicks([[(bound_ms, f"{bound_ms:.0f}")]])
        words = "RAISED TO" if raised else "BOUND"
        self._caption.setText(f"AGE IN ms, LAST 60 s - {words} {bound_ms:.0f}")

    def _style_axes(self) -> None:
        bottom = self._plot.getAxis("bottom")
        bottom.setTicks([[(-60, "60 s"), (-30, "30 s"), (0, "now")]])
        for axis in (bottom, self._plot.getAxis("left")):
            axis.setPen(pg.mkPen(PALETTE.line))
            axis.setTextPen(pg.mkPen(PALETTE.quiet))
            axis.setStyle(tickLength=0, hideOverlappingLabels=False)


def _ages(ages_ms: list[float | None]) -> np.ndarray:
    return np.array([math.nan if age_ms is None else age_ms for age_ms in ages_ms])
