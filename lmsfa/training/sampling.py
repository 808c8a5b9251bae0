"""Which pictures make a batch, and which of them are this process's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.utils.data import Sampler

from lmsfa.data.activities import UNKNOWN
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
        shares: how often each picture is drawn, relative to the others; without them all come, once
            an epoch.

    Raises:
        InputError: a batch cannot be shared equally.
    """

    def __init__(
        self,
        pictures: int,
        batch: int,
        order: torch.Generator,
        processes: Processes,
        shares: Tensor | None = None,
    ) -> None:
        self._pictures, self._order, self._shares = pictures, order, shares
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
        if self._shares is None:
            drawn = torch.randperm(self._pictures, generator=self._order).tolist()
        else:
            drawn = torch.multinomial(
                self._shares, self._pictures, replacement=True, generator=self._order
            ).tolist()
        for start in range(0, len(self) * self._batch, self._batch):
            whole = drawn[start : start + self._batch]
            yield whole[self._processes.index :: self._processes.count]


def balanced_shares(activities: Sequence[int], patients: Sequence[str]) -> Tensor:
    """Shares by which every patient's every activity is drawn equally often.

    Where who is seen nearly tells what is being done, a network learns the one for the other;
    groups of equal weight are the plain remedy (Idrissi et al. 2022, arXiv:2110.14503).

    Args:
        activities: index of each picture's, `UNKNOWN` where nobody said: such are not drawn.
        patients: whose each picture is; "" where nobody said.

    Returns:
        (pictures,) float64.
    """
    groups = list(zip(activities, patients, strict=True))
    sizes = Counter(groups)
    shares = [0.0 if group[0] == UNKNOWN else 1 / sizes[group] for group in groups]
    return torch.tensor(shares, dtype=torch.float64)
