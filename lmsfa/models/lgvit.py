"""LGViT, HRMedSeg's encoder (Section 3.2): attention whose cost grows with the pixels, no faster.

Numbers in brackets are the paper's equations (Xu et al., "HRMedSeg", arXiv:2504.06205).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from lmsfa.models.blocks import Norm, fold_norm

PATCH_PX = 16
"""Side of the square of pixels that one token stands for."""
EXPANSION = 2
"""Of MBConvs and MLPs (Section 3.5)."""
CHANNEL_LAYERS = 2
LEAST_SIMILARITY = 1e-6
"""A query that is like no key at all is divided by this, not by zero."""


class MbConv(nn.Module):
    """Channel-interactive layer [1]: widen, look around, narrow; GELU after each, and a residual.

    Our reading: a norm behind each of the three convolutions, as MBConvs have.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = EXPANSION * width
        self.widen = nn.Conv2d(width, hidden, 1, bias=False)
        self.around = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden, bias=False)
        self.narrow = nn.Conv2d(hidden, width, 1, bias=False)
        self.norms = nn.ModuleList(Norm(channels) for channels in (hidden, hidden, width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        widened, around, narrowed = self.norms
        hidden = functional.gelu(widened(self.widen(x)))
        hidden = functional.gelu(around(self.around(hidden)))
        return functional.gelu(narrowed(self.narrow(hidden)) + x)

    def fuse(self) -> None:
        """Folds the norms into the convolutions."""
        for place, name in enumerate(("widen", "around", "narrow")):
            norm = self.norms[place]
            if isinstance(norm, Norm):
                setattr(self, name, fold_norm(getattr(self, name), norm))
                self.norms[place] = nn.Identity()


def linear_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention [3] with the kernel phi = elu + 1 (Katharopoulos et al. 2020, arXiv:2006.16236).

    The similarity of every query with every key is never written down: keys and values are summed
    up first, so that memory grows with N. Sums are means and held in float32: no number of tokens
    carries them out of what half precision can hold. Under autocast, in training, the products
    themselves are of its precision.

    Args:
        query: (B, N, d).
        key: (B, N, d).
        value: (B, N, C).

    Returns:
        (B, N, C), each row a mean of all values, weighted by how like its query their keys are.
    """
    phi_query, phi_key = (functional.elu(x.float()) + 1 for x in (query, key))
    phi_key = phi_key / key.shape[1]
    summed = phi_key.transpose(1, 2) @ value.float()
    similarity = phi_query @ phi_key.sum(1)[..., None]
    attended = phi_query @ summed / similarity.clamp(min=LEAST_SIMILARITY)
    return attended.to(value.dtype)


class DualGatedAttention(nn.Module):
    """Token-interactive layer [2-5], d = C1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.inter_gate = nn.Linear(width, width, bias=False)
        self.exter_gate = nn.Linear(width, width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, EXPANSION * width), nn.GELU(), nn.Linear(EXPANSION * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> (B, N, C)."""
        gated = self.inter_gate(functional.silu(self.value(x)))
        attended = linear_attention(self.query(x), self.key(x), gated)
        answer: Tensor = self.mlp(self.norm(functional.silu(self.exter_gate(x)) * attended)) + x
        return answer


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation of every cell over its channels."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Lgvit(nn.Module):
    """Patches, channel-interactive layers, token-interactive layers, and the neck.

    Our reading of the neck: each of its convolutions has a norm behind it, as in the teacher whose
    features it learns to give.

    Args:
        width: C1.
        depth: L, how many token-interactive layers.
        features: channels that the neck answers.
    """

    def __init__(self, width: int, depth: int, features: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, PATCH_PX, PATCH_PX)
        self.channel_layers = nn.Sequential(*(MbConv(width) for _ in range(CHANNEL_LAYERS)))
        self.token_layers = nn.Sequential(*(DualGatedAttention(width) for _ in range(depth)))
        self.neck = nn.Sequential(
            nn.Conv2d(width, features, 1, bias=False),
            ChannelNorm(features),
            nn.Conv2d(features, features, 3, padding=1, bias=False),
            ChannelNorm(features),
        )

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) normalised -> (B, features, H / 16, W / 16)."""
        cells = self.channel_layers(self.patches(rgb))
        tokens = self.token_layers(cells.flatten(2).transpose(1, 2))
        answer: Tensor = self.neck(tokens.transpose(1, 2).reshape(cells.shape))
        return answer
