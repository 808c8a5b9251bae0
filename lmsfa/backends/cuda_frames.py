"""One copy in, one captured graph, one copy out: how runtimes on a CUDA device answer frames.

Not run on hardware in this release's tests: those that need a GPU are marked `gpu`. What the graph
holds is `frame_tensors`, which is tested on the processor.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lmsfa.backends.frame_tensors import Network, Sampling, tensors_for
from lmsfa.backends.packed import PackedAnswer, unpacked
from lmsfa.card import ModelCard
from lmsfa.letterbox import Letterbox
from lmsfa.postprocess import MAX_CANDIDATES, Answer

WARM_UP_RUNS = 3
"""Runs before capture, so that cuDNN has chosen its kernels and the allocator its blocks."""
KEPT_SHAPES = 3
"""Graphs that are kept: a signal may change its size and come back."""


@dataclass(frozen=True, slots=True)
class _Captured:
    """What frames of one shape need: memory on both sides, and the graph between."""

    sampling: Sampling
    pinned_in: Tensor
    frame: Tensor
    graph: torch.cuda.CUDAGraph
    packed: Tensor
    pinned_out: Tensor


class CudaFrames:
    """Answers frames with a network on the current CUDA device, on the thread that made it.

    Args:
        network: made of kernels that a graph can hold: no copies to the host, no shapes that
            depend on numbers.
        card: of its weights.
    """

    def __init__(self, network: Network, card: ModelCard) -> None:
        self._card = card
        self._tensors = tensors_for(network, card, "cuda")
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._by_shape: OrderedDict[tuple[object, ...], _Captured] = OrderedDict()

    def __call__(self, rgb: NDArray[np.uint8], place: Letterbox) -> Answer:
        """As `Backend`."""
        held = self._held(rgb.shape, place)
        np.copyto(held.pinned_in.numpy(), rgb)
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            held.frame.copy_(held.pinned_in, non_blocking=True)
            held.graph.replay()
            held.pinned_out.copy_(held.packed, non_blocking=True)
        answer = self._arrived(held, place)
        if isinstance(answer, PackedAnswer) and not answer.is_settled:
            return self._settled(held, place)
        return answer

    def close(self) -> None:
        """Waits for the device and drops the graphs before their memory."""
        self._stream.synchronize()
        while self._by_shape:
            self._drop_oldest()

    def _arrived(self, held: _Captured, place: Letterbox) -> Answer:
        self._stream.synchronize()
        return unpacked(held.pinned_out.numpy(), self._card, place)

    def _settled(self, held: _Captured, place: Letterbox) -> Answer:
        """The same frame with as many steps of suppression as could ever be needed."""
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            packed = self._tensors(held.frame, held.sampling, MAX_CANDIDATES)
            held.pinned_out.copy_(packed, non_blocking=True)
        return self._arrived(held, place)

    def _held(self, shape: tuple[int, ...], place: Letterbox) -> _Captured:
        key = (shape, place)
        if key not in self._by_shape:
            while len(self._by_shape) >= KEPT_SHAPES:
                self._drop_oldest()
            self._by_shape[key] = self._capture(shape, place)
        self._by_shape.move_to_end(key)
        return self._by_shape[key]

    def _drop_oldest(self) -> None:
        _, held = self._by_shape.popitem(last=False)
        held.graph.reset()

    def _capture(self, shape: tuple[int, ...], place: Letterbox) -> _Captured:
        graph = torch.cuda.CUDAGraph()
        pinned_in = torch.zeros(shape, dtype=torch.uint8, pin_memory=True)
        # cuDNN tries its kernels in the first run, and the graph keeps the fastest.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, benchmark=True):
            with torch.cuda.stream(self._stream):
                sampling = Sampling.of(place, shape[0], shape[1], "cuda")
                frame = torch.zeros(shape, dtype=torch.uint8, device="cuda")
                for _ in range(WARM_UP_RUNS):
                    self._tensors(frame, sampling)
            self._stream.synchronize()
            with torch.cuda.graph(graph, stream=self._stream):
                packed = self._tensors(frame, sampling)
        pinned_out = torch.zeros(packed.shape, dtype=torch.uint8, pin_memory=True)
        return _Captured(sampling, pinned_in, frame, graph, packed, pinned_out)
