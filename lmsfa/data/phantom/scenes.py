"""What goes on in a made scene, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Events:
    """How much of everything there is.

    Attributes:
        motion: how far the lens goes; 0 stands still, 1 is a surgeon at work.
        pace: how fast it goes there; 1 is a surgeon at work.
        water: share of the time in which water rinses, 0..1; so are all that follow.
        blood: in which something bleeds.
        smoke: in which an electrode smokes.
        glare: how much of the lamp is mirrored, 0..1.
        forceps: whether an instrument comes and goes.
    """

    motion: float = 1.0
    pace: float = 1.0
    water: float = 0.0
    blood: float = 0.0
    smoke: float = 0.0
    glare: float = 0.5
    forceps: bool = False


SCENES: Mapping[str, Events] = MappingProxyType(
    {
        "surgery": Events(water=0.3, blood=0.2, smoke=0.12, glare=0.6, forceps=True),
        "brisk": Events(pace=2.0, water=0.3, blood=0.2, smoke=0.12, glare=0.6, forceps=True),
        "calm": Events(motion=0.6),
        "still": Events(motion=0.0),
        "bleeding": Events(water=0.4, blood=0.7, forceps=True),
        "smoke": Events(smoke=0.7, forceps=True),
    }
)
