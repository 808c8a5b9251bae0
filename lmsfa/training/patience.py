"""Stopping early, where a recipe asks for it: when validation losses fall no further."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
from accelerate.utils.memory import find_executable_batch_size
from torch import nn

from lmsfa.data.activities import Activities
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.dataset import TrainingSet, collate
from lmsfa.training.recipe import Recipe

VALIDATION_LOSS = "validation_loss"
_WORST = 1e9

LossesOf = Callable[[nn.Module], nn.Module]
"""A network -> the module that answers a batch with its losses by name."""


class Patience:
    """Counts the epochs since the averaged weights' validation loss was at its lowest.

    It decides when to stop, not which weights to keep: the last epoch's are kept, so that a
    training is not the best of many looks at the validation pictures.
    """

    def __init__(self, validation: TrainingSet | None, recipe: Recipe, losses: LossesOf) -> None:
        self._validation, self._recipe, self._losses_of = validation, recipe, losses
        self._losses: list[float] = []

    @classmethod
    def of(
        cls,
        dataset: AnnotatedSet,
        recipe: Recipe,
        losses: LossesOf,
        activities: Activities | None = None,
    ) -> Patience:
        """For a training on `dataset` that minimises `losses`.

        One without `patience_epochs` never looks at validation.
        """
        if not recipe.patience_epochs:
            return cls(None, recipe, losses)
        validation = TrainingSet(
            dataset,
            dataset.in_split("val"),
            recipe.size_px,
            recipe.seed,
            activities=activities,
        )
        validation.start_epoch(0, 0.0, augment=False)
        return cls(validation, recipe, losses)

    def remember(self, rows: Iterable[Mapping[str, float]]) -> None:
        """Takes up the epochs that a resumed training has behind it."""
        self._losses = [row[VALIDATION_LOSS] for row in rows if VALIDATION_LOSS in row]

    def is_over(self) -> bool:
        """Whether the lowest loss lies `patience_epochs` or more behind."""
        if self._validation is None or not self._losses:
            return False
        since = len(self._losses) - 1 - self._losses.index(min(self._losses))
        return since >= self._recipe.patience_epochs

    def judge(self, network: nn.Module, device: torch.device, part_size: int) -> dict[str, float]:
        """The validation loss of averaged weights as a figure; none where no one asked for it."""
        if self._validation is None:
            return {}
        module = self._losses_of(network).eval()
        # Fewer at a time where memory runs out.
        mean_loss = find_executable_batch_size(
            partial(_mean_loss, module=module, pictures=self._validation, device=device),
            starting_batch_size=part_size,
        )()
        # No number is as bad as can be, and no JSON.
        loss = min(mean_loss, _WORST) if math.isfinite(mean_loss) else _WORST
        self._losses.append(loss)
        return {VALIDATION_LOSS: loss}


def _mean_loss(
    part_size: int, *, module: nn.Module, pictures: TrainingSet, device: torch.device
) -> float:
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(pictures), part_size):
            indices = range(start, min(start + part_size, len(pictures)))
            batch = collate([pictures[index] for index in indices]).to(device)
            total += float(sum(module(batch).values())) * len(batch)
    return total / len(pictures)
