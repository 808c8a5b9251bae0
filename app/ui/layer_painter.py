"""Paints the layer once for every answer and style, not once for every picture."""

from __future__ import annotations

from app.core.snapshot import Snapshot
from app.ui.video_view import Layer
from lmsfa.overlay import OverlayStyle, Painter
from lmsfa.prediction import Prediction
from lmsfa.quality.circle import Circle


class LayerPainter:
    """Keeps the last layer while prediction, style, field of view and size stay the same."""

    def __init__(self) -> None:
        self._prediction: Prediction | None = None
        self._style: OverlayStyle | None = None
        self._circle: Circle | None = None
        self._layer: Layer | None = None
        # The view holds one layer at a time, the one before this at most: two in turn suffice.
        self._painter = Painter()

    def layer_for(self, snapshot: Snapshot, style: OverlayStyle) -> Layer | None:
        """The layer for a snapshot's picture, or None where nothing may be painted on it.

        Args:
            snapshot: whose answer was brought to its picture.
            style: how structures are drawn.

        Returns:
            (H, W, 4) uint8 premultiplied RGBA of the picture's size, or None.
        """
        frame, result, card = snapshot.frame, snapshot.result, snapshot.model.card
        if frame is None or result is None or card is None:
            return None
        circle = snapshot.source.view.circle
        same_look = style == self._style and circle == self._circle
        if result.prediction is not self._prediction or not same_look:
            self._prediction, self._style, self._circle = result.prediction, style, circle
            size = frame.rgb.shape[:2]
            self._layer = self._painter.paint(result.prediction, card, style, *size, circle=circle)
        return self._layer
