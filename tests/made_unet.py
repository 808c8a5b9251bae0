"""U-Net as HRMedSeg's paper compares with it: 13.40 M parameters, 497.9 G at 1024 (Table 1)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (64, 128, 256, 512, 512)
"""Of five levels; bilinear upsampling, two 3x3 convolutions with norms a level and way."""


class Twice(nn.Sequential):
    """Two 3x3 convolutions, each with norm and ReLU."""

    def __init__(self, enter: int, leave: int) -> None:
        parts: list[nn.Module] = []
        for channels in (enter, leave):
            parts += [
                nn.Conv2d(channels, leave, 3, padding=1),
                nn.BatchNorm2d(leave),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*parts)


class Unet(nn.Module):
    """Five levels down, four up, with skip connections."""

    def __init__(self, classes: int = 1) -> None:
        super().__init__()
        narrower = (3, *WIDTHS[:-1])
        self.downs = nn.ModuleList(map(Twice, narrower, WIDTHS))
        skipped = WIDTHS[-2::-1]
        leaves = (*WIDTHS[-3::-1], WIDTHS[0])
        self.ups = nn.ModuleList(
            Twice(2 * skip, leave) for skip, leave in zip(skipped, leaves, strict=True)
        )
        self.leave = nn.Conv2d(WIDTHS[0], classes, 1)

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, classes, H, W)."""
        levels = [self.downs[0](rgb)]
        for down in self.downs[1:]:
            levels.append(down(functional.max_pool2d(levels[-1], 2)))
        x = levels.pop()
        for up in self.ups:
            finer = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = up(torch.cat([levels.pop(), finer], 1))
        return self.leave(x)
