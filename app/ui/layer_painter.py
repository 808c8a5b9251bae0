"""Paints the layer once for every answer and style, in the size that the screen shows."""

from __future__ import annotations

from collections.abc import Callable

from app.core.snapshot import Snapshot
from app.ui.video_view import Layer
from lmsfa.naming.labels import Labels
from lmsfa.overlay import OverlayStyle, Painter
from lmsfa.prediction import Prediction
from lmsfa.quality.field import Field

ShownSize = Callable[[int, int], tuple[int, int]]
"""From a frame's height and width to those of its picture on screen, pixels."""


class LayerPainter:
    """Keeps the last layer while prediction, style, field of view and size stay the same.

    A layer of the frame's size would have to be scaled for every picture, which takes longer than
    to paint it.

    Attributes:
        shown_size: how large pictures are on screen; as large as they are until somebody says.
    """

    def __init__(self) -> None:
        self.shown_size: ShownSize = lambda height, width: (height, width)
        self._size = 0, 0
        self._prediction: Prediction | None = None
        self._style: OverlayStyle | None = None
        self._field: Field | None = None
        self._layer: Layer | None = None
        # The view holds one layer at a time, the one before this at most: two in turn suffice.
        self._painter, self._labels = Painter(blue_first=True), Labels(blue_first=True)

    def layer_for(self, snapshot: Snapshot, style: OverlayStyle) -> Layer | None:
        """The layer for a snapshot's picture, or None where nothing may be painted on it.

        Args:
            snapshot: whose answer was brought to its picture.
            style: how structures are drawn.

        Returns:
            (h, w, 4) uint8 premultiplied BGRA of the picture's size on screen, or None.
        """
        frame, result, card = snapshot.frame, snapshot.result, snapshot.model.card
        if frame is None or result is None or card is None:
            return None
        field, size = snapshot.source.view.field, self.shown_size(*frame.rgb.shape[:2])
        same_look = (style, field, size) == (self._style, self._field, self._size)
        if result.prediction is not self._prediction or not same_look:
            self._prediction, self._style = result.prediction, style
            self._field, self._size = field, size
            scale_y, scale_x = size[0] / frame.rgb.shape[0], size[1] / frame.rgb.shape[1]
            shown = result.prediction.scaled(scale_x, scale_y)
            inside = None if field is None else field.scaled(scale_x, scale_y)
            self._layer = self._painter.paint(shown, card, style, *size, field=inside)
            if self._labels.write(self._layer, shown, card, style, field=inside):
                self._painter.written_over()
        return self._layer
