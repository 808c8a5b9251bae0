"""The networks that weights can be of: one line here, and training and runtimes know one more."""

from __future__ import annotations

from dataclasses import dataclass

from lmsfa.errors import InputError
from lmsfa.models.endoarss import Endoarss, EndoarssConfig
from lmsfa.models.hrmedseg import Hrmedseg, HrmedsegConfig
from lmsfa.models.lmsfa import SMALL, Lmsfa, LmsfaConfig
from lmsfa.models.network import Network
from lmsfa.models.yolo_baseline import YoloBaseline, YoloBaselineConfig
from lmsfa.registry import TITLES

Config = LmsfaConfig | YoloBaselineConfig | HrmedsegConfig | EndoarssConfig


@dataclass(frozen=True, slots=True)
class Family:
    """What networks of one kind have in common.

    Attributes:
        title: for people.
        config: the default shape.
        network: makes one from a shape.
        size_px: side of the input that operations are counted at, its authors' where they say.
    """

    title: str
    config: Config
    network: type[Network]
    size_px: int = 640

    def make(self, config: Config) -> Network:
        """A network with fresh weights; `config` is of the dataclass of this family's default."""
        return self.network(config)


FAMILIES = {
    "lmsfa": Family(TITLES["lmsfa"], LmsfaConfig(), Lmsfa),
    "lmsfa_small": Family(TITLES["lmsfa_small"], SMALL, Lmsfa),
    "yolo_baseline": Family(TITLES["yolo_baseline"], YoloBaselineConfig(), YoloBaseline),
    "hrmedseg": Family(TITLES["hrmedseg"], HrmedsegConfig(), Hrmedseg, 1024),
    "endoarss": Family(TITLES["endoarss"], EndoarssConfig(), Endoarss, 448),
}
"""By the card's `system`."""


def family_of(model: str) -> Family:
    """The family of that name.

    Raises:
        InputError: there is none.
    """
    if model not in FAMILIES:
        raise InputError(f"model must be one of {', '.join(FAMILIES)}, got {model!r}")
    return FAMILIES[model]
