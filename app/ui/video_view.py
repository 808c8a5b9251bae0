"""The picture with the layer over it, painted by the processor."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.frame import Frame
from app.ui.theme import PALETTE

Layer = NDArray[np.uint8]


class VideoView(QWidget):
    """Draws one frame, as large as its shape allows, and the layer exactly over it.

    Plain QPainter: on a machine without a graphics processor OpenGL widgets take ten times as long.

    Signals:
        painted: time_s on the monotonic clock by which the layer was judged; emitted after each
            painting.
    """

    painted = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Endoscope picture")
        self._frame: Frame | None = None
        self._layer: Layer | None = None
        self._layer_until_s = math.inf

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A picture of common proportions."""
        return QSize(960, 540)

    def show_frame(
        self, frame: Frame | None, layer: Layer | None, layer_until_s: float = math.inf
    ) -> None:
        """Shows a frame and its layer; repaints only where one of them is another than before.

        Args:
            frame: the picture, or None for an empty ground.
            layer: (H, W, 4) uint8 premultiplied RGBA of the frame's size; None: raw picture.
            layer_until_s: from this moment on, monotonic clock, the layer is not painted any more.
        """
        self._layer_until_s = layer_until_s
        if frame is self._frame and layer is self._layer:
            return
        self._frame = frame
        self._layer = layer
        self.update()

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget, in its pixels; empty without a picture."""
        if self._frame is None or 0 in self._frame.rgb.shape[:2]:
            return QRectF()
        height, width = self._frame.rgb.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        shown_width, shown_height = width * scale, height * scale
        left = (self.width() - shown_width) / 2
        top = (self.height() - shown_height) / 2
        return QRectF(left, top, shown_width, shown_height)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and form
        """Draws ground, picture and layer."""
        now_s = time.monotonic()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(PALETTE.ground))
        target = self.picture_rect()
        if self._frame is not None and not target.isEmpty():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, _image_of(self._frame.rgb))
            # Between deciding and painting time passes: what is too old by now is left out.
            if self._layer is not None and now_s <= self._layer_until_s:
                painter.drawImage(target, _image_of(self._layer))
        painter.end()
        self.painted.emit(now_s)


def _image_of(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage on the array's own memory: (H, W, 3) RGB or (H, W, 4) premultiplied RGBA."""
    height, width, channels = pixels.shape
    form = (
        QImage.Format.Format_RGB888
        if channels == 3
        else QImage.Format.Format_RGBA8888_Premultiplied
    )
    solid = np.ascontiguousarray(pixels)
    return QImage(solid.data, width, height, solid.strides[0], form)
