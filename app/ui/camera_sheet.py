"""Choosing a camera, a capture card or a stream."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout

from app.core.sources.devices import Camera, list_cameras
from app.core.sources.phantom import SCHEME
from app.ui.sheet import Sheet
from app.ui.theme import button

POLL_MS = 50


class CameraSheet(Sheet):
    """A button for every device that is connected now, for streams a line, and the made scene.

    Signals:
        chosen: the spec of a camera or the address of a stream.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("Camera")
        # Some systems take a second to list their devices, and the picture must not wait for it.
        self._workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="list-cameras")
        self._listing: Future[tuple[Camera, ...]] | None = None
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_when_listed)
        self._state = QLabel()
        self._state.setProperty("role", "quiet")
        self._state.setWordWrap(True)
        self._devices = QVBoxLayout()
        self._buttons: list[QPushButton] = []
        again = button("Look again", "List the connected cameras again")
        again.clicked.connect(self.look)
        self.address = QLineEdit()
        self.address.setPlaceholderText("rtsp://  udp://  tcp://  http://")
        self.address.returnPressed.connect(self._open_address)
        connect = button("Open stream", "Open the stream at this address")
        connect.clicked.connect(self._open_address)
        heading = QLabel("NETWORK ADDRESS")
        heading.setProperty("role", "heading")
        without = QLabel("WITHOUT A CAMERA")
        without.setProperty("role", "heading")
        made = button("Made scene, SYNTHETIC", "Open a scene that a program draws")
        made.clicked.connect(lambda: self.chosen.emit(SCHEME))
        for widget in (self._state, again, heading, self.address, connect, without, made):
            self.body.addWidget(widget)
        self.body.insertLayout(1, self._devices)

    def look(self) -> None:
        """Lists the devices that are connected now; the page fills when they are known."""
        self._listing = self._workers.submit(list_cameras)
        self._state.setText("Looking for cameras …")
        self._poll.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Keeps Enter here: it opens the address and must answer no question of the window."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _show_when_listed(self) -> None:
        if self._listing is None or not self._listing.done():
            return
        self._poll.stop()
        self._show_cameras(self._listing.result())

    def _show_cameras(self, cameras: tuple[Camera, ...]) -> None:
        for old in self._buttons:
            self._devices.removeWidget(old)
            old.deleteLater()
        self._buttons = []
        found = "Connected now:" if cameras else "No camera or capture card is connected."
        self._state.setText(found)
        for camera in cameras:
            press = button(
                f"{camera.number}   {camera.name}", f"Open {camera.name}", icon_name="camera"
            )
            press.clicked.connect(lambda _=False, spec=camera.spec: self.chosen.emit(spec))
            self._devices.addWidget(press)
            self._buttons.append(press)

    def _open_address(self) -> None:
        address = self.address.text().strip()
        if address:
            self.chosen.emit(address)
