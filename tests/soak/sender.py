"""A sender of numbered pictures in NUT over TCP, in a process of its own, that fails on command.

    python -m tests.soak.sender --pictures clip|phantom:SPEC --cycle N

Commands come as JSON lines on stdin ({"do": "stall", "seconds": 1.0}); what was done and when, on
the monotonic clock, goes out as JSON lines.
"""

import argparse
import json
import socket
import sys
import threading
import time
from contextlib import suppress
from fractions import Fraction

import av
import cv2
import numpy as np

from app.core.self_test.coded_picture import CodedPicture, faulty_picture
from app.core.self_test.time_code import write_code
from app.core.snapshot import Signal
from app.core.sources.phantom import read_spec
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES

RATE_FPS = 30
QUALITY = 93
SIGNALS = {"black": Signal.BLACK, "blue": Signal.BLUE, "bars": Signal.BARS, "slate": Signal.SLATE}


class Pictures:
    """Numbered pictures, coded as JPEG; of a clip's cycle each is coded once."""

    def __init__(self, kind, cycle):
        self.cycle = cycle
        self._coded = {}
        if kind == "clip":
            clip = CodedPicture()
            self._rgb = clip.real
        else:
            asked = read_spec(kind)
            phantom = Phantom(SCENES[asked.scene], asked.seed, asked.width, asked.height)
            self._rgb = lambda number: phantom.at(number / RATE_FPS, number).rgb

    def rgb(self, number):
        rgb = self._rgb(number)
        write_code(rgb, number)
        return rgb

    def jpeg(self, number):
        if not self.cycle:
            return coded(self.rgb(number))
        number %= self.cycle
        if number not in self._coded:
            self._coded[number] = coded(self.rgb(number))
        return self._coded[number]


def coded(rgb):
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


class Viewer:
    """One connection: what a muxer writes goes to the socket."""

    def __init__(self, connection, size):
        self._connection = connection
        connection.settimeout(2.0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._size, self._pipe = size, None
        self.is_gone = False
        self.begin()

    def begin(self):
        """Begins to mux, or begins anew: one muxer never lets time stamps go back."""
        if self._pipe is not None:
            self._pipe.viewer = None
            self._container.close()
        self._pipe = Pipe(self)
        options = {"fflags": "+flush_packets"}
        self._container = av.open(self._pipe, "w", format="nut", options=options)
        self._stream = self._container.add_stream("mjpeg", rate=RATE_FPS)
        self._stream.pix_fmt = "yuvj420p"
        self._stream.width, self._stream.height = self._size
        self._stream.codec_context.time_base = Fraction(1, 1000)
        self._container.start_encoding()

    def send(self, data):
        try:
            self._connection.sendall(data)
        except OSError:
            self.is_gone = True

    def show(self, jpeg, time_s):
        packet = av.Packet(jpeg)
        packet.stream = self._stream
        packet.time_base = Fraction(1, 1000)
        packet.pts = packet.dts = round(1000 * time_s)
        with suppress(av.FFmpegError):
            self._container.mux(packet)

    def close(self):
        self.is_gone = True
        self._connection.close()


class Pipe:
    """What one muxer writes to; nowhere once the next one writes."""

    def __init__(self, viewer):
        self.viewer = viewer

    def write(self, data):
        if self.viewer is not None:
            self.viewer.send(bytes(data))
        return len(data)


class Sender:
    """Sends a picture whenever one is due, to whoever watches, and fails as it is told."""

    def __init__(self, pictures):
        self.pictures = pictures
        self.size = pictures.rgb(0).shape[1::-1]
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.setblocking(False)
        self._viewer = None
        self._fault, self._until_s = "", 0.0
        self._last = b""
        self._step_s, self._steps_back = 0.0, False
        self._rng = np.random.default_rng(0)
        self.start_s = time.monotonic()
        say(port=self._server.getsockname()[1], start_s=self.start_s, rate_fps=RATE_FPS)

    def command(self, do, seconds=0.0, step_s=0.0):
        self._until_s = time.monotonic() + seconds
        self._step_s += step_s
        self._steps_back = step_s < 0
        self._fault = do
        say(begun=do, at_s=time.monotonic())

    def run(self):
        number = 0
        while True:
            due_s = self.start_s + number / RATE_FPS
            time.sleep(max(0.0, due_s - time.monotonic()))
            if self._fault and time.monotonic() > self._until_s:
                say(ended=self._fault, at_s=time.monotonic())
                self._fault = ""
            self._accept()
            if self._viewer is not None:
                self._serve(number, due_s)
            # Where this machine was too slow, the picture is sent late: every number is sent.
            number += 1

    def _accept(self):
        if self._viewer is not None and self._viewer.is_gone:
            self._viewer.close()
            self._viewer = None
        if self._fault == "cut":
            return
        with suppress(BlockingIOError):
            connection, _ = self._server.accept()
            if self._viewer is not None:
                self._viewer.close()
            self._viewer = Viewer(connection, self.size)

    def _serve(self, number, due_s):
        fault, viewer = self._fault, self._viewer
        if fault == "cut":
            viewer.close()
            return
        if fault == "stall" or (fault == "rate" and number % 3):
            return
        if self._steps_back:
            self._steps_back = False
            viewer.begin()
        if fault in ("garbage", "burst"):
            viewer.send(self._rng.bytes(int(self._rng.integers(1, 5000))))
            if fault == "garbage":
                return
            self._fault = ""
            say(ended=fault, at_s=time.monotonic())
        viewer.show(self._picture(fault, number), due_s - self.start_s + self._step_s)

    def _picture(self, fault, number):
        if fault == "freeze" and self._last:
            return self._last
        if fault in SIGNALS:
            return coded(faulty_picture(SIGNALS[fault], *self.size, number))
        if fault == "swapped":
            return coded(np.ascontiguousarray(self.pictures.rgb(number)[..., ::-1]))
        if fault == "size":
            return coded(cv2.resize(self.pictures.rgb(number), None, fx=0.75, fy=0.75))
        self._last = self.pictures.jpeg(number)
        return self._last[: len(self._last) // 3] if fault == "truncated" else self._last


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", default="clip")
    parser.add_argument("--cycle", type=int, default=0)
    options = parser.parse_args()
    pictures = Pictures(options.pictures, options.cycle)
    for number in range(options.cycle):
        pictures.jpeg(number)
    sender = Sender(pictures)
    threading.Thread(target=sender.run, daemon=True).start()
    for line in sys.stdin:
        sender.command(**json.loads(line))


if __name__ == "__main__":
    main()
