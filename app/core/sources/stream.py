"""Live pictures through FFmpeg, from a device or from the network: the newest, as they come."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Thread

import av
from av import VideoFrame
from av.container import InputContainer

from app.core.mailbox import Mailbox
from app.core.snapshot import SourceInfo
from app.core.sources.capture_clock import CaptureClock
from app.core.sources.decoding import video_frames
from app.core.sources.pixels import rgb_from_frame
from app.core.sources.source import Picture, SourceError, SourceLostError

NO_WAITING = {"fflags": "nobuffer", "flags": "low_delay"}
"""FFmpeg's options against keeping pictures back."""
LET_GO_S = 1.0
"""How long closing waits for a picture that is on its way."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    frame: VideoFrame
    index: int
    captured_s: float


class LiveStream:
    """An open live video stream. Everything but its own drain is used on one thread.

    A thread of its own does nothing but take what comes: pictures that wait in a driver or a socket
    would be old when they are shown. Whoever is slow finds the newest; `Picture.index` counts those
    that were replaced, too.

    Args:
        name: for people.
        container: open; the stream closes it.
        jitter_s: as in `SourceInfo`.
        is_device: whether its time stamps may be the kernel's.
    """

    def __init__(
        self, name: str, container: InputContainer, *, jitter_s: float = 0.0, is_device: bool
    ) -> None:
        if not container.streams.video:
            container.close()
            raise SourceError(f"{name}: sends no video; choose a source with a picture")
        self._name, self._jitter_s = name, jitter_s
        self._container = container
        self._stream = container.streams.video[0]
        # Frame threading would keep one picture back for every thread.
        self._stream.thread_type = "SLICE"
        if self._stream.codec_context.name == "mjpeg" and not is_device:
            # Half a picture is left out, not shown with the rest in grey. Some cameras' own JPEGs
            # are never quite right.
            self._stream.codec_context.options = {"err_detect": "explode"}
        self._clock = CaptureClock(is_device=is_device)
        self._newest: Mailbox[_Arrived] = Mailbox()
        self._end: SourceLostError | None = None
        self._stopping = False
        self._drain = Thread(target=self._take_what_comes, name="capture drain", daemon=True)
        self._drain.start()

    def info(self) -> SourceInfo:
        """What the stream declares."""
        stream = self._stream
        rate_fps = float(stream.average_rate or 0)
        size = stream.width or 0, stream.height or 0
        return SourceInfo(self._name, *size, rate_fps, None, self._jitter_s)

    def read(self) -> Picture | None:
        """Blocks for the next picture, with its capture time; None when the sender ended.

        Raises:
            SourceLostError: nothing came within the time limit, or the device is gone.
            SourceError: its pixel format cannot be converted.
        """
        arrived = self._newest.take()
        if arrived is not None:
            rgb = rgb_from_frame(arrived.frame)
            return Picture(rgb, arrived.index, captured_s=arrived.captured_s)
        if self._end is not None:
            raise self._end
        return None

    def close(self) -> None:
        """Frees the device or the connection, at the latest when the read in hand returns."""
        self._stopping = True
        self._drain.join(LET_GO_S)

    def _take_what_comes(self) -> None:
        try:
            for index, frame in enumerate(video_frames(self._container, self._stream)):
                if self._stopping:
                    return
                captured_s = self._clock.captured_s(frame.time, time.monotonic())
                self._newest.put(_Arrived(frame, index, captured_s))
        except av.FFmpegError as error:
            self._end = SourceLostError(
                f"{self._name}: no pictures any more ({error.strerror}); check cable and sender"
            )
        except Exception as error:  # noqa: BLE001 - the top of the worker
            self._end = SourceLostError(
                f"{self._name}: no picture can be read ({type(error).__name__})"
            )
        finally:
            self._newest.close(keep=True)
            # Here alone: closing while another thread reads would crash.
            self._container.close()
