"""The LMSF-A neck (Section III-C): SSFF joins the scales, TFE sharpens stride 8."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.models.blocks import Activation, RvbEma
from lmsfa.models.detection import Levels


def upsample(x: Tensor, factor: int) -> Tensor:
    """(B, C, H, W) -> (B, C, H x factor, W x factor), nearest neighbour."""
    return functional.interpolate(x, scale_factor=float(factor), mode="nearest")


class ScaleMixer(nn.Module):
    """Tokens of three scales [10] in, gates a channel and scale [11] out.

    Causal and anti-causal mixing over the scale sequence are learned lower- and upper-triangular
    3x3 matrices, kept as their six free entries.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.channels = channels
        self.project_grid = nn.Linear(4 * channels, channels)
        self.enter = nn.Linear(2 * channels, hidden)
        # On the processor also where only shapes are asked for: else torch loads its compiler.
        self.scale_embedding = nn.Parameter(torch.randn(3, hidden, device="cpu") * 0.02)
        self.causal = nn.Parameter(torch.full((6,), 1 / 3))
        self.anti_causal = nn.Parameter(torch.full((6,), 1 / 3))
        self.leave = nn.Linear(2 * hidden, 3 * channels)

    def token(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 2 C): global mean beside the projected 2x2 grid of means."""
        grid = functional.adaptive_avg_pool2d(x, 2)
        return torch.cat([x.mean((2, 3)), self.project_grid(grid.flatten(1))], 1)

    def forward(self, levels: Levels) -> Tensor:
        """Levels -> (B, 3 scales, 3 kinds, C) in 0..1; kinds are alpha, g_up, g_down."""
        tokens = torch.stack([self.token(x) for x in levels], 1)
        hidden = torch.relu(self.enter(tokens) + self.scale_embedding)
        lower, upper = self.matrices()
        mixed = torch.relu(torch.cat([lower @ hidden, upper @ hidden], 2))
        gates = torch.sigmoid(self.leave(mixed))
        return gates.reshape(gates.shape[0], 3, 3, self.channels)

    def matrices(self) -> tuple[Tensor, Tensor]:
        """The lower- and the upper-triangular (3, 3) mixing matrices."""
        zero = self.causal.new_zeros(())
        a, b = self.causal, self.anti_causal
        lower = torch.stack([a[0], zero, zero, a[1], a[2], zero, a[3], a[4], a[5]])
        upper = torch.stack([b[0], b[1], b[2], zero, b[3], b[4], zero, zero, b[5]])
        return lower.reshape(3, 3), upper.reshape(3, 3)


class Ssff(nn.Module):
    """Sequence-style scale fusion [10-12], then one RVB-EMA unit a level.

    Our reading: [12] holds only 1x1 convolutions; the units give the neck the spatial mixing that
    the paper names for its P3 path ("selective RVB + EMA") and for its levels ("depthwise separable
    3x3 blocks per scale"). Without it masks learn badly. Here EMA stands at stride 8 too. The blur
    before Down and the edge gate, optional in the paper, are left out.
    """

    def __init__(
        self, channels: int, mixer_hidden: int, expansion: float, *, act: Activation
    ) -> None:
        super().__init__()
        self.mixer = ScaleMixer(channels, mixer_hidden)
        self.own = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(3))
        self.from_deeper = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(2))
        self.from_finer = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(2))
        self.refine = nn.ModuleList(
            RvbEma(channels, expansion, attention=True, act=act) for _ in range(3)
        )

    def forward(self, levels: Levels) -> Levels:
        """Levels -> levels of the same shapes."""
        gates = self.mixer(levels)[..., None, None]
        alpha, up_gate, down_gate = gates[:, :, 0], gates[:, :, 1], gates[:, :, 2]
        f3, f4, f5 = levels
        own3, own4, own5 = self.own
        h3 = own3(alpha[:, 0] * f3) + upsample(self.from_deeper[0](f4) * up_gate[:, 0], 2)
        h4 = own4(alpha[:, 1] * f4) + upsample(self.from_deeper[1](f5) * up_gate[:, 1], 2)
        # Every second pixel of a 1x1's answer is the 1x1's answer on every second pixel.
        h4 = h4 + self.from_finer[0](f3[:, :, ::2, ::2]) * down_gate[:, 1]
        h5 = own5(alpha[:, 2] * f5) + self.from_finer[1](f4[:, :, ::2, ::2]) * down_gate[:, 2]
        return self.refine[0](h3), self.refine[1](h4), self.refine[2](h5)


class Tfe(nn.Module):
    """Target-focused enhancement [13-15]: deep context gates the stride-8 level, residually."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(8, channels // 4)
        self.prior = nn.Conv2d(2 * channels, channels, 1)
        self.squeeze = nn.Conv2d(channels, narrow, 1)
        self.excite = nn.Conv2d(narrow, channels, 1)
        # The channel mean of dw3x3 + dw5x5 is the sum of two convolutions to a single map.
        self.spatial_3x3 = nn.Conv2d(channels, 1, 3, 1, 1)
        self.spatial_5x5: nn.Conv2d = nn.Conv2d(channels, 1, 5, 1, 2, bias=False)
        self.fused = False

    def forward(self, levels: Levels) -> Tensor:
        """Levels -> (B, C, H / 8, W / 8), the refined stride-8 level."""
        h3, h4, h5 = levels
        prior = self.prior(torch.cat([upsample(h4, 2), upsample(h5, 4)], 1))
        z = prior.mean((2, 3), keepdim=True)
        channel_gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(z))))
        spatial = self.spatial_5x5(prior)
        if not self.fused:
            spatial = spatial + self.spatial_3x3(prior)
        return h3 * channel_gate * torch.sigmoid(spatial) + h3

    def fuse(self) -> None:
        """Adds the 3x3 kernel into the middle of the 5x5."""
        if self.fused:
            return
        joined = nn.Conv2d(self.spatial_5x5.in_channels, 1, 5, 1, 2).to(self.spatial_5x5.weight)
        assert joined.bias is not None
        assert self.spatial_3x3.bias is not None
        with torch.no_grad():
            joined.weight.copy_(
                self.spatial_5x5.weight + functional.pad(self.spatial_3x3.weight, (1, 1, 1, 1))
            )
            joined.bias.copy_(self.spatial_3x3.bias)
        self.spatial_5x5 = joined
        del self.spatial_3x3
        self.fused = True
