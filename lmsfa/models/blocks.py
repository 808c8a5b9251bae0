"""Blocks of the LMSF-A backbone (Section III-B); each block fuses itself for inference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional

Activation = type[nn.Module]
ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {"hardswish": nn.Hardswish, "silu": nn.SiLU}
)
"""By their names in a config. Hardswish (Howard et al. 2019, arXiv:1905.02244) is SiLU from pieces
of a parabola: processors compute it several times as fast (docs/performance.md)."""
MIN_BATCH_FOR_STATISTICS = 4
"""A smaller batch says too little about the data: stored statistics are used instead."""


class Norm(nn.BatchNorm2d):
    """Batch normalisation that stays trainable at batch 1.

    Below `MIN_BATCH_FOR_STATISTICS` pictures it normalises with its stored statistics and leaves
    them as they are; scale and shift still learn. The paper asks GroupNorm for this stability; the
    reason for the exchange is in docs/experiments.md.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        if self.training and x.shape[0] >= MIN_BATCH_FOR_STATISTICS:
            return super().forward(x)
        return functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
        )


def norm_gain_and_bias(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """What a norm with stored statistics multiplies by and then adds, (C,) each, detached."""
    assert isinstance(norm, Norm)
    assert norm.running_var is not None
    assert norm.running_mean is not None
    with torch.no_grad():
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return gain, norm.bias - norm.running_mean * gain


def fold_norm(conv: nn.Conv2d, norm: Norm) -> nn.Conv2d:
    """One biased convolution that answers what `norm(conv(x))` answers with stored statistics."""
    gain, added = norm_gain_and_bias(norm)
    folded = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size,  # type: ignore[arg-type]  # torch types it as any-length tuple
        conv.stride,  # type: ignore[arg-type]
        conv.padding,  # type: ignore[arg-type]
        groups=conv.groups,
        device=conv.weight.device,
        dtype=conv.weight.dtype,
    )
    assert folded.bias is not None
    with torch.no_grad():
        folded.weight.copy_(conv.weight * gain[:, None, None, None])
        folded.bias.copy_(added if conv.bias is None else added + conv.bias * gain)
    return folded


class ConvNorm(nn.Module):
    """Convolution, norm, activation."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: int = 1,
        *,
        act: Activation = nn.SiLU,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.Module = Norm(out_channels)
        self.act = act()

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H / stride, W / stride)."""
        answer: Tensor = self.act(self.norm(self.conv(x)))
        return answer

    def fuse(self) -> None:
        """Folds the norm into the convolution."""
        if isinstance(self.norm, Norm):
            self.conv = fold_norm(self.conv, self.norm)
            self.norm = nn.Identity()


class SharedConvNorm(nn.Module):
    """One 3x3 convolution for several levels, a norm for each of them, activation.

    Levels differ in their statistics: one set for all of them is right for none. Once fused, the
    levels still share the convolution's weights, under a gain and a bias of their own.
    """

    def __init__(
        self, in_channels: int, out_channels: int, levels: int, *, act: Activation = nn.SiLU
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList(Norm(out_channels) for _ in range(levels))
        self.act = act()
        self.gains: nn.Parameter | None = None
        self.biases: nn.Parameter | None = None

    def forward(self, x: Tensor, level: int) -> Tensor:
        """(B, in, H, W) of a level, counted from 0 -> (B, out, H, W)."""
        if self.gains is None or self.biases is None:
            x = self.norms[level](self.conv(x))
        else:
            kernel, bias = self.folded(level)
            x = functional.conv2d(x, kernel, bias, padding=1)
        answer: Tensor = self.act(x)
        return answer

    def folded(self, level: int) -> tuple[Tensor, Tensor]:
        """Kernel (out, in, 3, 3) and bias (out,) of a level. Only after `fuse`."""
        assert self.gains is not None
        assert self.biases is not None
        return self.conv.weight * self.gains[level][:, None, None, None], self.biases[level]

    def fuse(self) -> None:
        """Turns each level's norm into a gain and a bias."""
        if self.gains is not None:
            return
        folded = [norm_gain_and_bias(norm) for norm in self.norms]
        self.gains = nn.Parameter(torch.stack([gain for gain, _ in folded]))
        self.biases = nn.Parameter(torch.stack([bias for _, bias in folded]))
        self.norms = nn.ModuleList()


class TokenMixer(nn.Module):
    """RepViT's token mixer: norm(dw3x3 + dw1x1 + identity), one depthwise 3x3 once fused."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
        self.point: nn.Conv2d | None = nn.Conv2d(channels, channels, 1, groups=channels, bias=False)
        self.norm: nn.Module = Norm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        if self.point is None:
            answer: Tensor = self.wide(x)
        else:
            answer = self.norm(self.wide(x) + self.point(x) + x)
        return answer

    def fuse(self) -> None:
        """Adds the 1x1 branch and the identity to the 3x3's centre tap, then folds the norm."""
        if self.point is None or not isinstance(self.norm, Norm):
            return
        with torch.no_grad():
            self.wide.weight[:, :, 1, 1] += self.point.weight[:, :, 0, 0] + 1
        self.wide = fold_norm(self.wide, self.norm)
        self.point = None
        self.norm = nn.Identity()


class Ema(nn.Module):
    """The paper's attention [8, 9]: a gate a channel times a gate a position, on the input.

    a = sigmoid(W2 ReLU(W1 z)), z the mean over positions, bottleneck ratio 4 and at least 8 wide;
    S = sigmoid of the channel mean of a depthwise 3x3 answer. Our reading: the product is scaled by
    four, so that both gates at one half leave the input as it is when training starts.
    """

    GAIN = 4.0

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(8, channels // 4)
        self.squeeze = nn.Conv2d(channels, narrow, 1)
        self.excite = nn.Conv2d(narrow, channels, 1)
        # The channel mean of a depthwise convolution is one convolution to a single map.
        self.spatial: nn.Module = nn.Conv2d(channels, 1, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        z = x.mean((2, 3), keepdim=True)
        channel_gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(z)))) * self.GAIN
        spatial_gate = torch.sigmoid(self.spatial(x))
        return x * channel_gate * spatial_gate


class RvbEma(nn.Module):
    """One RVB-EMA unit [7]: Y_i = RVB(EMA(Y_{i-1})); RVB is a RepViT block without stride."""

    def __init__(
        self,
        channels: int,
        expansion: float,
        *,
        attention: bool,
        act: Activation = nn.SiLU,
    ) -> None:
        super().__init__()
        hidden = int(channels * expansion)
        self.attention: nn.Module = Ema(channels) if attention else nn.Identity()
        self.token_mixer = TokenMixer(channels)
        self.channel_mixer = nn.Sequential(
            ConvNorm(channels, hidden, act=act), ConvNorm(hidden, channels, act=nn.Identity)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        x = self.token_mixer(self.attention(x))
        answer: Tensor = x + self.channel_mixer(x)
        return answer


class C2fPro(nn.Module):
    """C2f-Pro [6, 7]: 1x1, split, RVB-EMA units in sequence on one half, all joined by a 1x1."""

    def __init__(
        self,
        in_channels: int,
        hidden: int,
        units: int,
        expansion: float,
        *,
        attention: bool,
        act: Activation = nn.SiLU,
    ) -> None:
        super().__init__()
        self.enter = ConvNorm(in_channels, 2 * hidden, act=act)
        self.units = nn.ModuleList(
            RvbEma(hidden, expansion, attention=attention, act=act) for _ in range(units)
        )
        self.leave = ConvNorm((1 + units) * hidden, in_channels, act=act)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        shortcut, transformed = self.enter(x).chunk(2, 1)
        answers = [shortcut]
        for unit in self.units:
            transformed = unit(transformed)
            answers.append(transformed)
        answer: Tensor = self.leave(torch.cat(answers, 1))
        return answer


class Sppf(nn.Module):
    """Spatial pyramid pooling by three 5x5 maxima in sequence (fields of 5, 9 and 13 cells)."""

    def __init__(self, channels: int, hidden: int, *, act: Activation = nn.SiLU) -> None:
        super().__init__()
        self.enter = ConvNorm(channels, hidden, act=act)
        self.leave = ConvNorm(4 * hidden, channels, act=act)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        pooled = [self.enter(x)]
        for _ in range(3):
            pooled.append(functional.max_pool2d(pooled[-1], 5, 1, 2))
        answer: Tensor = self.leave(torch.cat(pooled, 1))
        return answer
