"""ECM-Decoder (Section 3.3): a query a class asks the picture at several scales, and masks it.

Numbers in brackets are the paper's equations (Xu et al., "HRMedSeg", arXiv:2504.06205).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.models.lgvit import ChannelNorm

POOLS = (5, 9, 13)
"""Sides of the squares that delta averages over, cells (Table 9)."""
HEADS = 8
TWO_WAY_LAYERS = 2
MLP_LAYERS = 4
TEMPERATURE = 10_000.0
"""Of the positional encoding (Vaswani et al. 2017, arXiv:1706.03762)."""


def multiscale(feature: Tensor) -> Tensor:
    """delta: the mean of the feature and its three average poolings; no parameters.

    Our reading: the feature itself is the finest of the scales. Without it nothing finer than 5
    cells, 80 input pixels, would be left for the masks, because [7] goes on with delta(H) alone;
    and Table 9, which tries fewer poolings and none, would have no row to begin with.

    Args:
        feature: (B, C, h, w).

    Returns:
        (B, C, h, w).
    """
    # Added up one by one: a stack of all of them would be the most that the network ever holds.
    total = feature
    for side in POOLS:
        # Rows, then columns: the same mean from 2 x side cells instead of side x side.
        rows = functional.avg_pool2d(feature, (1, side), 1, (0, side // 2), count_include_pad=False)
        total = total + functional.avg_pool2d(
            rows, (side, 1), 1, (side // 2, 0), count_include_pad=False
        )
    return total / (1 + len(POOLS))


def positions(feature: Tensor) -> Tensor:
    """psi: sines and cosines of where a cell lies, (B, C, h, w) -> (h x w, C) of its dtype.

    As Carion et al. 2020 (arXiv:2005.12872): half of the channels tell the row, half the column, in
    shares of the picture.
    """
    quarter = feature.shape[1] // 4
    steps = torch.arange(quarter, device=feature.device) / quarter
    axes = []
    for length in feature.shape[2:]:
        centres = (torch.arange(length, device=feature.device) + 0.5) * (2 * math.pi / length)
        angles = centres[:, None] / TEMPERATURE**steps
        axes.append(torch.cat([angles.sin(), angles.cos()], 1))
    rows, columns = axes
    height, width = feature.shape[2:]
    encoded = torch.cat(
        [rows[:, None].expand(-1, width, -1), columns[None].expand(height, -1, -1)], 2
    )
    return encoded.flatten(0, 1).to(feature.dtype)


class Attention(nn.Module):
    """Attention of one set of tokens to another, in `HEADS` parts of the channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.leave = (nn.Linear(width, width) for _ in range(4))

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(B, M, C), (B, N, C) and (B, N, C) -> (B, M, C)."""
        parts = (
            layer(x).unflatten(2, (HEADS, -1)).transpose(1, 2)
            for layer, x in ((self.query, query), (self.key, key), (self.value, value))
        )
        attended = functional.scaled_dot_product_attention(*parts)
        answer: Tensor = self.leave(attended.transpose(1, 2).flatten(2))
        return answer


class TwoWayLayer(nn.Module):
    """Queries among themselves, then to the picture [6], then the picture to them [7].

    Our reading: learned projections as in any attention, and a norm behind each residual.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.among = Attention(width)
        self.to_picture = Attention(width)
        self.to_queries = Attention(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, queries: Tensor, feature: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K, C) queries and (B, C, h, w) -> both anew."""
        after_among, after_picture, after_queries = self.norms
        place = positions(feature)
        scales = multiscale(feature).flatten(2).transpose(1, 2)
        cells = feature.flatten(2).transpose(1, 2)
        queries = after_among(queries + self.among(queries, queries, queries))
        queries = after_picture(queries + self.to_picture(queries, cells + place, scales))
        cells = after_queries(scales + self.to_queries(scales + place, queries, queries))
        return queries, cells.transpose(1, 2).reshape(feature.shape)


class EcmDecoder(nn.Module):
    """Masks of classes from an encoder's features.

    The paper gives the number of neither layers nor widths. Its count does: with two two-way layers
    as wide as the features, transposed convolutions to a half and an eighth of them, and an MLP of
    four layers, the decoder has 1.94 M parameters and 2.95 GMACs at 1024 (paper: 1.96 M and
    2.96 G, the whole less LGViT with neck); one two-way layer more has 0.8 M and 1.1 G more.

    Args:
        classes: C2, how many queries are learned.
        width: channels of features and queries.
    """

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        half, eighth = width // 2, width // 8
        self.class_queries = nn.Parameter(torch.randn(classes, width))
        self.layers = nn.ModuleList(TwoWayLayer(width) for _ in range(TWO_WAY_LAYERS))
        self.finer = nn.Sequential(
            nn.ConvTranspose2d(width, half, 2, 2),
            ChannelNorm(half),
            nn.GELU(),
            nn.ConvTranspose2d(half, eighth, 2, 2),
            nn.GELU(),
        )
        widths = [*[width] * MLP_LAYERS, eighth]
        layers: list[nn.Module] = []
        for inner, outer in pairwise(widths):
            layers += [nn.Linear(inner, outer), nn.GELU()]
        self.mlp = nn.Sequential(*layers[:-1])

    def forward(self, feature: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, classes, 4 h, 4 w) logits [8], before the interpolation."""
        queries = self.class_queries.expand(len(feature), -1, -1)
        for layer in self.layers:
            queries, feature = layer(queries, feature)
        fine = self.finer(feature)
        masks: Tensor = self.mlp(queries) @ fine.flatten(2)
        return masks.reshape(len(feature), -1, *fine.shape[2:])
