"""One step of a training: losses, gradients, and what happens when memory or numbers run out."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import NoReturn

import torch
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size
from torch import Tensor, nn

from lmsfa.checkpoint import write_tensors
from lmsfa.errors import InputError
from lmsfa.models.blocks import MIN_BATCH_FOR_STATISTICS
from lmsfa.models.detection import InstanceNetwork
from lmsfa.models.network import Network
from lmsfa.models.semantic import SemanticNetwork
from lmsfa.training.batch import Batch
from lmsfa.training.losses import LossWeights, losses
from lmsfa.training.processes import Processes
from lmsfa.training.semantic_losses import semantic_losses
from lmsfa.training.teacher import taught_losses

BAD_BATCH_FILE = "bad-batch.safetensors"

_log = logging.getLogger(__name__)


class TrainingError(InputError):
    """A training cannot go on. One line with what to do."""


class LossModule(nn.Module):
    """Network and losses in one module, so that gradients can be averaged over processes.

    What a network of instances is asked for besides the truth is what a teacher answers; one of
    classes a cell has no teacher.
    """

    def __init__(
        self,
        network: Network,
        weights: LossWeights,
        teacher: InstanceNetwork | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.weights = weights
        self.teacher = teacher

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Weighted losses of a batch by name; their sum is what is minimised."""
        rgb = batch.rgb.to(memory_format=torch.channels_last).float() / 255
        network = self.network
        if isinstance(network, SemanticNetwork):
            with autocast(rgb.device):
                answered = network.semantic_logits(rgb)
            return semantic_losses(answered, batch, self.weights)
        assert isinstance(network, InstanceNetwork)
        with autocast(rgb.device):
            logits = network.training_logits(rgb)
        parts = losses(logits, batch, self.weights)
        if self.teacher is None:
            return parts
        with torch.no_grad(), autocast(rgb.device):
            told = self.teacher.head_logits(rgb)
        return parts | taught_losses(logits.head, told, self.weights)


class Stepper:
    """Gathers the gradients of one batch, in as many parts as memory asks for.

    Args:
        module: as `Processes.join` gave it back.
        processes: who trains together.
        output: folder for a batch that could not be learned from.
        part_size: pictures at a time; the whole batch where it fits.
    """

    def __init__(
        self, module: nn.Module, processes: Processes, output: Path, part_size: int
    ) -> None:
        self._module, self._processes, self._output = module, processes, output
        self.part_size = part_size

    def gather(self, batch: Batch) -> dict[str, Tensor]:
        """Leaves the batch's gradient in the parameters and returns its losses.

        Where memory runs out, the batch is taken in halves, quarters and so on, from then on: the
        step is still one of the whole batch.

        Raises:
            TrainingError: one picture alone does not fit, or a loss is not a number.
        """
        while True:
            try:
                return self._in_parts(batch)
            except RuntimeError as error:
                if not should_reduce_batch_size(error):
                    raise
                # Outside the except block: the traceback holds the failed step's tensors.
            self._halve(len(batch))

    def _in_parts(self, batch: Batch) -> dict[str, Tensor]:
        self._module.zero_grad(set_to_none=True)
        sums: dict[str, Tensor] = {}
        for part in batch.parts(self.part_size):
            share = len(part) / len(batch)
            values = self._module(part)
            loss = torch.stack(list(values.values())).sum()
            if not torch.isfinite(loss):
                self.give_up(part, values)
            (loss * share).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            for name, value in values.items():
                sums[name] = sums.get(name, 0) + value.detach() * share
        return sums

    def _halve(self, batch_size: int) -> None:
        fitting = min(self.part_size, batch_size) // 2
        self._module.zero_grad(set_to_none=True)
        clear_device_cache(garbage_collection=True)
        if self._processes.count > 1:
            # The others wait for this process's gradients and cannot be told to start again.
            raise TrainingError(
                f"out of memory; go on by --resume with --part-size {max(fitting, 1)}"
            )
        if fitting == 0:
            raise TrainingError("out of memory with one picture; choose a smaller --size")
        self.part_size = fitting
        _log.warning("out of memory: batches are taken %d pictures at a time from now on", fitting)
        if fitting < MIN_BATCH_FOR_STATISTICS:
            _log.warning("so few teach the norms nothing: a smaller --size is better")

    def give_up(self, batch: Batch, values: dict[str, Tensor]) -> NoReturn:
        """Keeps a batch whose loss or gradient is not a number, and raises TrainingError."""
        shown = ", ".join(f"{name} {float(value.detach()):.3g}" for name, value in values.items())
        path = self._output / BAD_BATCH_FILE
        tensors = {each.name: getattr(batch, each.name).cpu() for each in fields(batch)}
        write_tensors(tensors, path)
        raise TrainingError(
            f"loss or gradient is not a number ({shown}); the batch is in {path}; "
            "lower the learning rate"
        )


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """Half precision where the device computes in it, for the block that it is entered around."""
    # bf16 needs no loss scaling; processors without it would only be slowed down.
    if device.type == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16"):
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()
