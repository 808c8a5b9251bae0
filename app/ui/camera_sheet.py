"""Choosing a camera, a capture card, the screen or a stream."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout

from app.core.sources.listing import ListedSource, list_sources
from app.ui.sheet import Sheet
from app.ui.source_entry import SourceEntry
from app.ui.theme import button

POLL_MS = 50


class CameraSheet(Sheet):
    """An entry for everything that can be opened here now, and a line for addresses.

    Signals:
        chosen: the spec of a source, or what was typed.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("Camera")
        # Some systems take a second to list their devices, and the picture must not wait for it.
        self._workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="list-sources")
        self._listing: Future[tuple[ListedSource, ...]] | None = None
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_when_listed)
        self._state = QLabel()
        self._state.setProperty("role", "quiet")
        self._state.setWordWrap(True)
        self._list = QVBoxLayout()
        self.entries: list[SourceEntry] = []
        again = button("Look again", "List what is connected again")
        again.clicked.connect(self.look)
        self.address = QLineEdit()
        self.address.setPlaceholderText("rtsp://  tcp://  screen:region=0,0,1280x720")
        self.address.returnPressed.connect(self._open_address)
        connect = button("Open address", "Open the stream at this address, or this region")
        connect.clicked.connect(self._open_address)
        heading = QLabel("NETWORK ADDRESS, OR A REGION OF THE SCREEN")
        heading.setProperty("role", "heading")
        heading.setWordWrap(True)
        for widget in (self._state, again, heading, self.address, connect):
            self.body.addWidget(widget)
        self.body.insertLayout(1, self._list)

    def look(self) -> None:
        """Lists what can be opened now; the page fills when that is known."""
        self._listing = self._workers.submit(list_sources)
        self._state.setText("Looking for cameras …")
        self._state.show()
        self._poll.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Keeps Enter here: it opens the address and must answer no question of the window."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _show_when_listed(self) -> None:
        if self._listing is None or not self._listing.done():
            return
        self._poll.stop()
        self._show_sources(self._listing.result())

    def _show_sources(self, sources: tuple[ListedSource, ...]) -> None:
        for old in self.entries:
            self._list.removeWidget(old)
            old.deleteLater()
        has_camera = any(source.modes for source in sources)
        self._state.setText("" if has_camera else "No camera or capture card is connected.")
        self._state.setHidden(has_camera)
        self.entries = [SourceEntry(source) for source in sources]
        for entry in self.entries:
            entry.chosen.connect(self.chosen)
            self._list.addWidget(entry)

    def _open_address(self) -> None:
        address = self.address.text().strip()
        if address:
            self.chosen.emit(address)
