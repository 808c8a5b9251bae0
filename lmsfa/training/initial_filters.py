"""Weights whose masks are sums of prototypes, as weights whose masks are made by filters.

The logit c . p of a cell's coefficients c and the prototypes p is relu(c . p) - relu(-c . p): two
of the hidden units answer what the sum answered, without its cut by the box, and the others begin
at random. Of the prototypes those combinations are kept that coefficients and prototypes share
most.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from lmsfa.mask_filters import FILTER_UNITS, filter_numbers

CELL, MAP = "head.coefficients.", "head.prototypes.leave."
FRESH_SHARE = 0.1
"""Of the spread of the kept rows: what the other units begin with."""


def as_filters(tensors: Mapping[str, Tensor], prototypes: int) -> dict[str, Tensor]:
    """The same weights with `prototypes` maps and filters in place of sums.

    Args:
        tensors: of an LMSF-A whose masks are sums, by name.
        prototypes: how many maps are kept, at most as many as there are.
    """
    cell, maps = (_joined(tensors, part) for part in (CELL, MAP))
    left, strength, right = torch.linalg.svd(cell.T @ maps, full_matrices=False)
    root = strength[:prototypes].sqrt()
    sums, kept = (left[:, :prototypes] * root).T, (right[:prototypes].T * root).T
    rows = torch.zeros(filter_numbers(prototypes), sums.shape[1], dtype=torch.float64)
    first = rows[: FILTER_UNITS * (prototypes + 2)].reshape(FILTER_UNITS, prototypes + 2, -1)
    first[:] = torch.randn(first.shape, dtype=torch.float64) * sums.std() * FRESH_SHARE
    first[0, :prototypes], first[1, :prototypes] = sums, -sums
    first[:2, prototypes:] = 0
    # The last column is the bias: a hidden unit's weight in the logit is a constant at first.
    second = rows[first.shape[0] * first.shape[1] + FILTER_UNITS : -1]
    second[:, -1] = torch.tensor([1.0, -1.0] + [0.0] * (FILTER_UNITS - 2))
    return dict(tensors) | _split(CELL, rows) | _split(MAP, kept)


def _joined(tensors: Mapping[str, Tensor], part: str) -> Tensor:
    """Weight and bias of a 1x1 convolution -> (out, in + 1) float64 with biases last."""
    weight, bias = tensors[f"{part}weight"].flatten(1), tensors[f"{part}bias"][:, None]
    return torch.cat([weight, bias], 1).double()


def _split(part: str, rows: Tensor) -> dict[str, Tensor]:
    """(out, in + 1) with biases last -> weight and bias of a 1x1 convolution."""
    return {
        f"{part}weight": rows[:, :-1, None, None].float().contiguous(),
        f"{part}bias": rows[:, -1].float().contiguous(),
    }
