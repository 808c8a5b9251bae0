"""Sleep and screen saver are held off while a source plays, by a real desktop bus."""

import shutil
import subprocess
import threading

import numpy as np
import pytest
import wakepy
from made_clips import now, until
from made_engines import SquareEngine, loader

from app.core.awake import Awake
from app.core.capture import Patience
from app.core.snapshot import SourceInfo, SourceState
from app.core.sources import Picture, SourceLostError
from app.ui.wakefulness import Wakefulness

pytest.importorskip("jeepney", reason="only Linux has this desktop bus")

from jeepney import HeaderFields, MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

needs_bus = pytest.mark.skipif(
    shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed"
)


class Desktop:
    """Answers as a desktop's screen saver does, and counts who holds it off."""

    def __init__(self, address):
        self.held = set()
        self.ever = 0
        self._bus = open_dbus_connection(address)
        self._bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.ScreenSaver"))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def join(self):
        """Waits until the bus is gone, and the service with it."""
        self._thread.join()
        self._bus.close()

    def _serve(self):
        while True:
            try:
                call = self._bus.receive()
            except OSError:
                return
            if call.header.message_type is not MessageType.method_call:
                continue
            if call.header.fields[HeaderFields.member] == "Inhibit":
                self.ever += 1
                self.held.add(self.ever)
                self._bus.send(new_method_return(call, "u", (self.ever,)))
            else:
                self.held.discard(call.body[0])
                self._bus.send(new_method_return(call))


@pytest.fixture
def desktop(monkeypatch):
    """A session bus of its own with a screen saver on it."""
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        desktop = Desktop(address)
        yield desktop
        daemon.terminate()
        desktop.join()


@needs_bus
def test_the_screen_stays_on_while_a_source_plays(desktop, qtbot, pipelines, square_clip):
    pipeline = pipelines(loader(SquareEngine()))
    wakefulness = Wakefulness(pipeline)
    pipeline.open(str(square_clip))
    qtbot.waitUntil(lambda: len(desktop.held) == 1)
    pipeline.pause()
    qtbot.waitUntil(lambda: not desktop.held)
    pipeline.play()
    qtbot.waitUntil(lambda: len(desktop.held) == 1)
    wakefulness.close()
    assert not desktop.held
    assert desktop.ever == 2


class Cable:
    """A camera that gives pictures while it is plugged in."""

    def __init__(self):
        self.is_in = threading.Event()

    def open(self):
        if not self.is_in.is_set():
            raise SourceLostError("camera 0: is not there")
        return SourceInfo("camera", 64, 48, 50.0, None)

    def read(self):
        threading.Event().wait(0.02)
        if not self.is_in.is_set():
            raise SourceLostError("camera 0: gives no pictures any more")
        return Picture(np.full((48, 64, 3), 90, np.uint8), 0)

    def close(self):
        pass


@needs_bus
def test_the_screen_stays_on_while_a_live_picture_is_waited_for(desktop, qtbot, pipelines):
    cable = Cable()
    patience = Patience(pauses_s=(0.01,))
    pipeline = pipelines(
        loader(SquareEngine()), source_opener=lambda _spec: cable, patience=patience
    )
    wakefulness = Wakefulness(pipeline)

    def is_held_as(state):
        """Looks when the screen was looked after at least once in this state."""
        qtbot.waitUntil(lambda: now(pipeline).source.state is state)
        wakefulness._look()
        qtbot.waitUntil(lambda: len(desktop.held) == 1)
        assert desktop.ever == 1

    pipeline.open("camera:0")
    is_held_as(SourceState.LOST)
    cable.is_in.set()
    is_held_as(SourceState.PLAYING)
    cable.is_in.clear()
    is_held_as(SourceState.LOST)
    cable.is_in.set()
    is_held_as(SourceState.PLAYING)
    pipeline.close()
    qtbot.waitUntil(lambda: not desktop.held)
    wakefulness.close()


def test_without_a_desktop_one_line_says_so(monkeypatch, caplog):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    awake = Awake()
    for wanted in (True, False, True):
        awake.want(wanted=wanted)
        until(lambda wanted=wanted: wakepy.modecount() == wanted)
    awake.close()
    assert caplog.text.count("cannot be held off") == 1
