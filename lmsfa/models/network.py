"""What every network has in common, whatever it answers."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from torch import Tensor, nn


class Network(nn.Module):
    """A network that a weights file can be of.

    Attributes:
        config: a frozen dataclass with `classes`; with it the constructor makes the same network.
        input_multiple_px: sides of the input are multiples of this.
    """

    config: Any
    input_multiple_px: ClassVar[int]

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) float RGB in 0..1 -> what each kind of network answers in two tensors."""
        raise NotImplementedError

    def fuse(self) -> Self:
        """Collapses every block to its inference form, in place."""
        for block in self.modules():
            fuse_block = getattr(block, "fuse", None)
            if block is not self and callable(fuse_block):
                fuse_block()
        return self.eval()
