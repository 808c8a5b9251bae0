"""The words for what keeps a scene from being seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Quality(Enum):
    """What is wrong with a picture's scene; the word that is said for it."""

    CLEAR = ""
    DARK = "DARK"
    OUT_OF_BODY = "OUT OF BODY"
    BLOOD = "BLOOD"
    SMOKE = "SMOKE"
    GLARE = "GLARE"
    BLURRED = "PICTURE BLURRED"
    INSTRUMENT = "INSTRUMENT COVERS"


@dataclass(frozen=True, slots=True)
class Condition:
    """The worst cause, and whether an overlay is still worth anything under it.

    Attributes:
        quality: the cause; CLEAR where there is none.
        is_off: nothing reliable can be seen: no overlay is drawn.
    """

    quality: Quality = Quality.CLEAR
    is_off: bool = False

    @property
    def line(self) -> str:
        """One line for people; empty where the scene is clear."""
        if self.quality is Quality.CLEAR:
            return ""
        return f"OVERLAY {'OFF' if self.is_off else 'WEAK'}: {self.quality.value}"


CLEAR = Condition()
