"""Parameters and operations of a network, counted the same way for ours and for others."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def parameters(network: nn.Module) -> int:
    """How many numbers the network has learned."""
    return sum(parameter.numel() for parameter in network.parameters())


def gflops(network: nn.Module, size_px: int) -> float:
    """Operations for one (1, 3, size, size) picture, in 1e9.

    Two per multiply-add of convolutions, linear layers and matrix products, as
    `torch.utils.flop_counter` counts them; elementwise work is not counted.
    """
    picture = torch.zeros(1, 3, size_px, size_px)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(picture)
    return float(counter.get_total_flops()) / 1e9
