"""The network alone on a CUDA device: what the way of a whole frame is compared with there.

Not run on hardware in this release's tests: those that need a GPU are marked `gpu`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from lmsfa.backends.cuda_frames import WARM_UP_RUNS
from lmsfa.backends.graph import PictureGraph, load_graph, load_network
from lmsfa.benchmark.contestants import FORWARD, Contestant
from lmsfa.card import ModelCard


def eager_fp32(weights: Path, card: ModelCard, device: str = "cuda") -> Contestant:
    """The network as it is written, layer by layer in float32; input and answer on the device."""
    graph = PictureGraph(load_network(weights)[0]).to(device)
    canvas = _canvas(card, device)

    def run() -> None:
        with torch.inference_mode():
            graph(canvas)
        _wait(device)

    return Contestant(card.name, "torch-cuda, eager", "fp32", {FORWARD: run})


def captured_fp16(weights: Path, card: ModelCard) -> Contestant:
    """The folded network in float16 as one captured graph; input and answer on the device."""
    network = load_graph(weights).half().cuda()
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    replay = _captured(network, _canvas(card, "cuda"))

    def run() -> None:
        replay()
        _wait("cuda")

    return Contestant(card.name, "torch-cuda, network", "fp16", {FORWARD: run})


def _captured(network: Callable[[Tensor], object], canvas: Tensor) -> Callable[[], None]:
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    graph = torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, benchmark=True):
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP_RUNS):
                network(canvas)
        stream.synchronize()
        with torch.cuda.graph(graph, stream=stream):
            answer = network(canvas)

    def replay(_answer: object = answer) -> None:
        # The graph writes into the answer's memory, which must live as long as the graph.
        graph.replay()

    return replay


def _canvas(card: ModelCard, device: str) -> Tensor:
    size = card.input_size_px
    made = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (1, size, size, 3), generator=made, dtype=torch.uint8).to(device)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
