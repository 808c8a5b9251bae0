"""Which decoded pictures are not what their sender saw: those that a decoder had to make up.

A decoder that misses data fills the hole from other pictures, and whatever is predicted from that
is wrong too, until a picture comes that needs no other.
"""

from __future__ import annotations

from av import Packet, VideoFrame, VideoStream

LONGEST_S = 10.0
"""Some encoders send no key picture at all and renew the picture strip by strip; by then they have.
"""


class DamageWatch:
    """Follows one stream's packets and pictures. On one thread.

    What it cannot know: data that are wrong and can be decoded all the same, as every codec has
    them, and whole pictures that are missing where neither container nor decoder counts them.
    """

    def __init__(self) -> None:
        self._is_damaged = False
        self._since_s: float | None = None
        self._last_pts: int | None = None
        self._was_corrupt = False

    def read(self, packet: Packet[VideoStream]) -> None:
        """Looks at the next packet, before it is decoded."""
        # A gap is marked on the packet before it, and may have cost the one behind it its head.
        if packet.is_corrupt or self._was_corrupt:
            self.lost(packet)
        self._was_corrupt = packet.is_corrupt

    def lost(self, packet: Packet[VideoStream]) -> None:
        """Takes note of a packet that is incomplete, or that the decoder refused.

        Args:
            packet: its pictures may come out later, in another order.
        """
        self._is_damaged, self._since_s = True, None
        if packet.pts is not None:
            self._last_pts = packet.pts

    def is_damaged(self, frame: VideoFrame) -> bool:
        """Whether the next picture, in the order of display, is made up, or made of such a one."""
        if frame.is_corrupt:
            self._is_damaged, self._since_s = True, frame.time
        elif self._is_damaged and self._ends_with(frame):
            self._is_damaged, self._since_s, self._last_pts = False, None, None
        return self._is_damaged

    def _ends_with(self, frame: VideoFrame) -> bool:
        # A key picture from before the loss may still be on its way out of the decoder.
        if frame.pts is not None and self._last_pts is not None and frame.pts <= self._last_pts:
            return False
        if self._since_s is None:
            self._since_s = frame.time
        is_over = self._since_s is not None and frame.time - self._since_s > LONGEST_S
        return frame.key_frame or is_over
