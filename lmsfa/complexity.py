"""Parameters and operations of a network, counted the same way for ours and for others."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

WEIGHTED = (torch.ops.aten.convolution, torch.ops.aten.mm, torch.ops.aten.addmm)
"""What convolutions and linear layers are to torch; products of two batches are others."""


def parameters(network: nn.Module) -> int:
    """How many numbers the network has learned."""
    return sum(parameter.numel() for parameter in network.parameters())


def gflops(network: nn.Module, size_px: int) -> float:
    """Operations for one (1, 3, size, size) picture, in 1e9.

    Two per multiply-add of convolutions, linear layers and matrix products, as
    `torch.utils.flop_counter` counts them; elementwise work is not counted.
    """
    return sum(_flops(network, size_px).values()) / 1e9


def gmacs(network: nn.Module, size_px: int) -> float:
    """Multiply-adds of convolutions and linear layers for one (1, 3, size, size) picture, in 1e9.

    Products of two things that the picture makes, as attention has them, are left out: so count
    HRMedSeg's authors (their Table 6 grows by 8.7 C1 squared a layer and token).
    """
    counts = _flops(network, size_px)
    return sum(counts.get(weighted, 0) for weighted in WEIGHTED) / 2e9


def _flops(network: nn.Module, size_px: int) -> dict[Any, int]:
    picture = torch.zeros(1, 3, size_px, size_px)
    # The counter stumbles over views of what learns.
    network = deepcopy(network).requires_grad_(False)
    # It knows the products that attention is made of, but no processor's attention as a whole.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network(picture)
    return dict(counter.get_flop_counts()["Global"])
