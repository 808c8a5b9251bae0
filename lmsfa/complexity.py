"""Parameters and operations of a network, counted the same way for ours and for others."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from lmsfa.models.network import Network
from lmsfa.models.semantic import SemanticNetwork


def parameters(network: nn.Module) -> int:
    """How many numbers the network has learned."""
    return sum(parameter.numel() for parameter in network.parameters())


def gflops(network: nn.Module, size_px: int) -> float:
    """Operations for one (1, 3, size, size) picture, in 1e9.

    Two per multiply-add of convolutions, linear layers and matrix products, as
    `torch.utils.flop_counter` counts them; elementwise work is not counted.
    """
    network = _on_no_device(network)
    with FlopCounterMode(display=False) as counter:
        _run(network, size_px)
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

    network = _on_no_device(network)
    for layer in network.modules():
        layer.register_forward_hook(count)
    _run(network, size_px)
    return sum(counts) / 1e9


def costs(network: Network, size_px: int) -> dict[str, int | float]:
    """What a fresh or loaded network weighs, for people; the network is fused.

    Args:
        network: not fused yet.
        size_px: side of the input.

    Returns:
        `parameters`, `gflops`, and `gmacs` of those whose papers count by them.
    """
    # Adapters that are merged into what they adapt are no numbers that were learned.
    learned = parameters(network)
    network.fuse()
    if not isinstance(network, SemanticNetwork):
        return {"parameters": parameters(network), "gflops": round(gflops(network, size_px), 3)}
    return {
        "parameters": learned,
        "gflops": round(gflops(network, size_px), 3),
        "gmacs": round(gmacs(network, size_px), 3),
    }


def _on_no_device(network: nn.Module) -> nn.Module:
    """A copy for its shapes alone: attention's products written out would fill the memory."""
    # The counter stumbles over views of what learns.
    return deepcopy(network).requires_grad_(False).to("meta")


def _run(network: nn.Module, size_px: int) -> None:
    # The counter knows the products that attention is made of, but no processor's attention as a
    # whole.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        network(torch.zeros(1, 3, size_px, size_px, device="meta"))
