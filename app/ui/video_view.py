"""The picture with the layer over it, painted by the processor."""

from __future__ import annotations

import math
import time

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.frame import Frame
from app.ui.theme import PALETTE

Layer = NDArray[np.uint8]
PICTURE_FORM = QImage.Format.Format_RGB32
LAYER_FORM = QImage.Format.Format_ARGB32_Premultiplied
"""What Qt draws fastest; on a little-endian processor blue comes first in both."""
AREA_BELOW = 0.6
"""Of its width; a picture that is made much smaller would flicker between its pixels."""


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
        self._shown_frame, self._shown_layer = _Scaled(), _Scaled()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A picture of common proportions."""
        return QSize(960, 540)

    def show_frame(
        self, frame: Frame | None, layer: Layer | None, layer_until_s: float = math.inf
    ) -> None:
        """Shows a frame and its layer; repaints only where one of them is another than before.

        Args:
            frame: the picture, or None for an empty ground.
            layer: (h, w, 4) uint8 premultiplied BGRA over all of the frame, best of `shown_size`;
                None: raw picture.
            layer_until_s: from this moment on, monotonic clock, the layer is not painted any more.
        """
        self._layer_until_s = layer_until_s
        if frame is self._frame and layer is self._layer:
            return
        self._frame = frame
        self._layer = layer
        self.update()

    def picture_rect(self) -> QRect:
        """Where the picture lies in the widget, in its pixels; empty without a picture."""
        if self._frame is None or 0 in self._frame.rgb.shape[:2]:
            return QRect()
        shown = QRect(QPoint(0, 0), self._fitted(*self._frame.rgb.shape[:2]))
        shown.moveCenter(self.rect().center())
        return shown

    def shown_size(self, height: int, width: int) -> tuple[int, int]:
        """How many of the screen's pixels a frame of this height and width gets, rows first."""
        fitted, ratio = self._fitted(height, width), self.devicePixelRatioF()
        return max(1, round(fitted.height() * ratio)), max(1, round(fitted.width() * ratio))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and form
        """Draws ground, picture and layer."""
        now_s = time.monotonic()
        painter = QPainter(self)
        target = self.picture_rect()
        for beside in _beside(self.rect(), target):
            painter.fillRect(beside, QColor(PALETTE.ground))
        if self._frame is not None and not target.isEmpty():
            size = self.shown_size(*self._frame.rgb.shape[:2])
            painter.drawImage(target, self._shown_frame.image(self._frame.rgb, size))
            # Between deciding and painting time passes: what is too old by now is left out.
            if self._layer is not None and now_s <= self._layer_until_s:
                painter.drawImage(target, self._shown_layer.image(self._layer, size))
        painter.end()
        self.painted.emit(now_s)

    def _fitted(self, height: int, width: int) -> QSize:
        """The largest size of a picture's shape that this widget holds, its own pixels."""
        scale = min(self.width() / width, self.height() / height)
        return QSize(max(1, round(width * scale)), max(1, round(height * scale)))


def _beside(whole: QRect, picture: QRect) -> tuple[QRect, ...]:
    """What the picture leaves of the widget: above, below, left and right of it."""
    if picture.isEmpty():
        return (whole,)
    return (
        QRect(whole.left(), whole.top(), whole.width(), picture.top() - whole.top()),
        QRect(whole.left(), picture.bottom() + 1, whole.width(), whole.bottom() - picture.bottom()),
        QRect(whole.left(), picture.top(), picture.left() - whole.left(), picture.height()),
        QRect(
            picture.right() + 1, picture.top(), whole.right() - picture.right(), picture.height()
        ),
    )


class _Scaled:
    """Pixels in the size that the screen shows, made once, on memory that it keeps. On Qt's thread.

    OpenCV scales them: Qt would take twice the processor's time, of cores that the model needs.
    """

    def __init__(self) -> None:
        self._pixels: Layer | None = None
        self._sized = self._solid = np.empty((0, 0, 0), dtype=np.uint8)
        self._image = QImage()

    def image(self, pixels: Layer, size: tuple[int, int]) -> QImage:
        """The picture or layer in this size.

        Args:
            pixels: (H, W, 3) RGB or (H, W, 4) premultiplied BGRA, uint8.
            size: height and width, pixels of the screen.

        Returns:
            What to draw before the next call.
        """
        if pixels is not self._pixels or (self._image.height(), self._image.width()) != size:
            self._pixels = pixels
            self._image = self._made(pixels, size)
        return self._image

    def _made(self, pixels: Layer, size: tuple[int, int]) -> QImage:
        height, width = size
        channels = pixels.shape[2]
        if pixels.shape[:2] != size:
            self._sized = _room(self._sized, (height, width, channels))
            small = width < AREA_BELOW * pixels.shape[1]
            between = cv2.INTER_AREA if small else cv2.INTER_LINEAR
            cv2.resize(pixels, (width, height), self._sized, interpolation=between)
            pixels = self._sized
        if channels == 4:
            return QImage(pixels.data, width, height, 4 * width, LAYER_FORM)
        self._solid = _room(self._solid, (height, width, 4))
        cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA, self._solid)
        return QImage(self._solid.data, width, height, 4 * width, PICTURE_FORM)


def _room(memory: Layer, shape: tuple[int, ...]) -> Layer:
    return memory if memory.shape == shape else np.empty(shape, dtype=np.uint8)
