"""Weights of earlier releases, whose masks are sums, start a network whose masks are filters."""

from __future__ import annotations

from dataclasses import replace

import torch

from lmsfa.mask_filters import filter_numbers
from lmsfa.models.lmsfa import SMALL, Lmsfa
from lmsfa.models.mask_logits import mask_logits
from lmsfa.training.initial_filters import CELL, MAP, as_filters


def test_filters_begin_with_the_masks_that_the_sums_made() -> None:
    torch.manual_seed(0)
    before = Lmsfa(replace(SMALL, masks="sum", prototypes=16)).eval()
    after = Lmsfa(replace(SMALL, masks="filters", prototypes=16)).eval()
    after.load_state_dict(as_filters(before.state_dict(), 16))
    with torch.no_grad():
        rgb = torch.rand(1, 3, 64, 64)
        ours, theirs = after.head_logits(rgb), before.head_logits(rgb)
    boxes = torch.rand(ours.coefficients.shape[1], 4).sort(1).values * 64
    masks, sums = (
        mask_logits(head.coefficients[0], head.prototypes[0], boxes) for head in (ours, theirs)
    )
    assert (masks - sums).abs().max() < 0.01 * sums.std()


def test_fewer_maps_keep_what_coefficients_and_prototypes_share_most() -> None:
    rng = torch.Generator().manual_seed(1)
    # Rank 3 by construction: three maps are enough for eight prototypes.
    cell = torch.randn(8, 3, generator=rng) @ torch.randn(3, 11, generator=rng)
    maps = torch.randn(8, 6, generator=rng)
    tensors = {
        f"{CELL}weight": cell[:, :-1, None, None],
        f"{CELL}bias": cell[:, -1],
        f"{MAP}weight": maps[:, :-1, None, None],
        f"{MAP}bias": maps[:, -1],
    }
    found = as_filters(tensors, 3)
    assert found[f"{CELL}weight"].shape == (filter_numbers(3), 10, 1, 1)
    sums = found[f"{CELL}weight"].flatten(1)[:3].T @ found[f"{MAP}weight"].flatten(1)
    torch.testing.assert_close(sums, cell[:, :-1].T @ maps[:, :-1], atol=1e-3, rtol=1e-3)
