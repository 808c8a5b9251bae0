"""Parameters and operations of a network, counted the same way for ours and for others."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def parameters(network: nn.Module) -> int:
    """How many numbers the network has learned."""
    return sum(parameter.numel() for parameter in network.parameters())


def gflops(network: nn.Module, size_px: int) -> float:
    """Operations for one (1, 3, size, size) picture, in 1e9.

    Two per multiply-add of convolutions, linear layers and matrix products, as
    `torch.utils.flop_counter` counts them; elementwise work is not counted.
    """
    # On no device, for its shapes alone: attention's products written out would fill the memory.
    # And the counter stumbles over views of what learns.
    network = deepcopy(network).requires_grad_(False).to("meta")
    # It knows the products that attention is made of, but no processor's attention as a whole.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        network(_picture(size_px).to("meta"))
    return float(counter.get_total_flops()) / 1e9


def gmacs(network: nn.Module, size_px: int) -> float:
    """Multiply-adds of convolutions and linear layers for one (1, 3, size, size) picture, in 1e9.

    Products of two things that the picture makes, as attention has them, are left out: so count
    HRMedSeg's authors (their Table 6 grows by 8.7 C1 squared a layer and token).
    """
    counts: list[int] = []

    def count(layer: nn.Module, given: tuple[Tensor, ...], answer: Tensor) -> None:
        if isinstance(layer, nn.ConvTranspose2d):
            counts.append(given[0].numel() * layer.weight[0].numel())
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            counts.append(answer.numel() * layer.weight[0].numel())

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    with torch.inference_mode():
        network(_picture(size_px))
    for hook in hooks:
        hook.remove()
    return sum(counts) / 1e9


def _picture(size_px: int) -> Tensor:
    return torch.zeros(1, 3, size_px, size_px)
