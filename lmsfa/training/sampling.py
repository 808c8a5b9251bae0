"""Which pictures make a batch, and which of them are this process's."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler

from lmsfa.errors import InputError
from lmsfa.models.blocks import MIN_BATCH_FOR_STATISTICS
from lmsfa.training.processes import Processes


class SharedBatches(Sampler[list[int]]):
    """An epoch's batches in random order; of each, every process gets an equal share.

    What a batch holds does not depend on how many processes share it. A rest too small for a batch
    is left out, unless it is all there is.

    Args:
        pictures: how many there are.
        batch: pictures a step, over all processes.
        order: drawn from when the first batch is asked for.
        processes: who shares.

    Raises:
        InputError: a batch cannot be shared equally.
    """

    def __init__(
        self, pictures: int, batch: int, order: torch.Generator, processes: Processes
    ) -> None:
        self._pictures, self._order = pictures, order
        self._batch = min(batch, pictures)
        self._processes = processes
        if self._batch % processes.count:
            raise InputError(
                f"batches of {self._batch} pictures cannot be shared by {processes.count} "
                "processes; choose a --batch that they divide"
            )
        if processes.count > 1 and self._batch // processes.count < MIN_BATCH_FOR_STATISTICS:
            raise InputError(
                f"batches of {self._batch} pictures are too small for {processes.count} processes: "
                f"the norms learn nothing from fewer than {MIN_BATCH_FOR_STATISTICS} each; "
                "raise --batch"
            )

    def __len__(self) -> int:
        return self._pictures // self._batch

    def __iter__(self) -> Iterator[list[int]]:
        shuffled = torch.randperm(self._pictures, generator=self._order).tolist()
        for start in range(0, len(self) * self._batch, self._batch):
            whole = shuffled[start : start + self._batch]
            yield whole[self._processes.index :: self._processes.count]
