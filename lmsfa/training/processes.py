"""One training in one process or in several: GPUs or machines, started by torchrun."""

from __future__ import annotations

import torch
from accelerate import PartialState
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from lmsfa.errors import InputError


class Processes:
    """The processes that train together, seen from one of them.

    Every process reads its share of each batch; gradients are averaged, so that all hold the same
    weights. The first one writes.

    Args:
        device: "auto" (a GPU where torch finds one), "cpu", "cuda" or "cuda:N". Of several
            processes each takes the GPU that its launcher gave it.

    Raises:
        InputError: there is no such device here.
    """

    def __init__(self, device: str) -> None:
        chosen = _usable(device)
        self._state = PartialState(cpu=chosen.type == "cpu")
        self.count: int = self._state.num_processes
        self.index: int = self._state.process_index
        self.device: torch.device = self._state.device if self.count > 1 else chosen

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.index == 0

    def join(self, module: nn.Module) -> nn.Module:
        """`module`, whose gradients are from now on averaged over all processes."""
        if self.count == 1:
            return module
        gpus = [self.device.index] if self.device.type == "cuda" else None
        # A batch without any instance leaves some predictors without a gradient.
        return DistributedDataParallel(module, device_ids=gpus, find_unused_parameters=True)

    def as_the_first(self, answer: bool) -> bool:
        """The first process's answer, in every process: rounding must not part them."""
        if self.count == 1:
            return answer
        said = torch.tensor([int(answer)], device=self.device)
        torch.distributed.broadcast(said, 0)
        return bool(said.item())

    def wait(self) -> None:
        """Returns when every process has come here."""
        self._state.wait_for_everyone()


def _usable(device: str) -> torch.device:
    """The device, if this machine has it; an InputError in one line if not."""
    kind, _, number = device.partition(":")
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cpu":
        return torch.device(device)
    if kind != "cuda" or not (number.isdecimal() or device == "cuda"):
        raise InputError(f"device must be auto, cpu, cuda or cuda:N, got {device!r}")
    if int(number or 0) >= torch.cuda.device_count():
        raise InputError(f"device {device}: torch finds no such CUDA device here; use cpu")
    return torch.device(device)
