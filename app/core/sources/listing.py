"""What can be opened on this machine now: its cameras and their modes, its screen, made scenes."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from app.core.sources import phantom, screen
from app.core.sources.devices import list_cameras, modes_of
from app.core.sources.modes import Mode

UNTRIED = "not run on hardware"


@dataclass(frozen=True, slots=True)
class ListedSource:
    """A source that can be opened.

    Attributes:
        spec: what `open_source` takes; a mode's own `spec` may be added.
        name: for people.
        modes: what it can be asked for.
        note: what to know of it; empty where there is nothing.
    """

    spec: str
    name: str
    modes: tuple[Mode, ...] = ()
    note: str = ""


def list_sources() -> tuple[ListedSource, ...]:
    """Cameras and capture cards that are connected now, the screen, and the made scene.

    May take a second: some systems are slow to list their devices.
    """
    cameras = (
        ListedSource(camera.spec, camera.name, modes_of(camera), UNTRIED)
        for camera in list_cameras()
    )
    made = ListedSource(phantom.SCHEME, "Made scene, SYNTHETIC")
    return (*cameras, *_screens(), made)


def _screens() -> tuple[ListedSource, ...]:
    if sys.platform == "darwin":
        # Looking at it would ask the person for leave to record it.
        return (ListedSource(screen.SCHEME, "Copy of the screen", note=UNTRIED),)
    size = screen.screen_size()
    if size is None:
        return ()
    note = "" if sys.platform == "linux" else UNTRIED
    name = f"Copy of the screen, {size[0]} × {size[1]}"
    return (ListedSource(screen.SCHEME, name, note=note),)


def listed_lines(sources: tuple[ListedSource, ...]) -> list[str]:
    """For the command line: what to type, and what it is; a camera's modes below it."""
    lines = []
    for source in sources:
        note = f" ({source.note})" if source.note else ""
        lines.append(f"{source.spec}  {source.name}{note}")
        lines += [f"  {source.spec}{mode.spec}" for mode in source.modes]
    return lines
