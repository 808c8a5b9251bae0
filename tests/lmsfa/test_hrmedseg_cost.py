"""What HRMedSeg is for: large pictures in a small part of U-Net's time and memory."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from made_unet import Unet
from torch import nn

from lmsfa.benchmark.memory import peak_memory
from lmsfa.complexity import gmacs, parameters
from lmsfa.interleaving import interleaved_ms
from lmsfa.models.hrmedseg import Hrmedseg, HrmedsegConfig

SIZE = 1024
THREADS = 2
TIMES_AS_FAST = 8
SHARE_OF_MEMORY = 0.1
ROUNDS = 3


def _answering(network: nn.Module, size_px: int = SIZE) -> Callable[[], object]:
    torch.set_num_threads(THREADS)
    network = network.eval().to(memory_format=torch.channels_last)
    rgb = torch.rand(1, 3, size_px, size_px).contiguous(memory_format=torch.channels_last)

    def run() -> None:
        with torch.inference_mode():
            network(rgb)

    return run


def _hrmedseg(size_px: int = SIZE) -> Callable[[], object]:
    return _answering(Hrmedseg(HrmedsegConfig()).fuse(), size_px)


def _unet() -> Callable[[], object]:
    return _answering(Unet())


def test_the_baseline_is_the_papers() -> None:
    network = Unet().eval()
    assert parameters(network) == pytest.approx(13.40e6, rel=0.003)
    assert 16 * gmacs(network, 256) == pytest.approx(497.91, rel=0.01)


@pytest.mark.slow
def test_large_pictures_take_an_eighth_of_unets_time() -> None:
    before = torch.get_num_threads()
    try:
        ours, theirs = np.median(interleaved_ms([_hrmedseg(), _unet()], ROUNDS, 1), 0)
    finally:
        torch.set_num_threads(before)
    assert theirs >= TIMES_AS_FAST * ours, f"{ours:.0f} ms beside {theirs:.0f} ms"


@pytest.mark.slow
def test_large_pictures_take_a_tenth_of_unets_memory() -> None:
    ours, theirs = (peak_memory("torch", load).model_mb for load in (_hrmedseg, _unet))
    assert ours <= SHARE_OF_MEMORY * theirs, f"{ours:.0f} MB beside {theirs:.0f} MB"
