"""Which parts of a network are rewritten, and by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from torch import nn

from lmsfa.models.blocks import C2fPro, Ema
from lmsfa.models.head import Aggregation, Prototypes, SharedTower
from lmsfa.models.neck import Tfe
from lmsfa.rewrites.gates import with_tap_maps
from lmsfa.rewrites.hoisting import HoistedAggregation, HoistedTfe
from lmsfa.rewrites.phases import PhasePrototypes
from lmsfa.rewrites.splitting import SplitC2fPro
from lmsfa.rewrites.winograd import WinogradTower

Network = TypeVar("Network", bound=nn.Module)

REWRITES: Mapping[type[nn.Module], Callable[[Any], nn.Module]] = MappingProxyType(
    {
        C2fPro: SplitC2fPro,
        Ema: with_tap_maps,
        Tfe: HoistedTfe,
        Aggregation: HoistedAggregation,
        Prototypes: PhasePrototypes,
        SharedTower: WinogradTower,
    }
)
"""Folded part -> what takes its place."""


def rewrite(network: Network, *, winograd: bool = True) -> Network:
    """Rewrites a folded network, in place; without `winograd` its 3x3 stay direct."""
    table = {part: made for part, made in REWRITES.items() if winograd or made is not WinogradTower}
    for parent in list(network.modules()):
        for name, part in list(parent.named_children()):
            if type(part) in table:
                setattr(parent, name, table[type(part)](part))
    return network.eval()
