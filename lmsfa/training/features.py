"""Feature distillation: an encoder learns what a larger one sees (HRMedSeg, Section 3.4).

It is done before the training on labels, which then starts from these weights: the decoder has
learned nothing yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional

from lmsfa.card import sha256_of
from lmsfa.errors import InputError, one_line
from lmsfa.models.hrmedseg import Hrmedseg
from lmsfa.training.batch import Batch
from lmsfa.training.step import autocast

FLOAT = "tensor(float)"
"""ONNX Runtime's name of float32."""

Encoder = Callable[[Tensor], Tensor]
"""(B, 3, H, W) float RGB in 0..1 -> (B, C, h, w) features."""


@dataclass(frozen=True, slots=True)
class FeatureTeacher:
    """A frozen encoder whose features another one learns.

    Attributes:
        encode: what it sees in pictures; any resizing and normalisation is its own.
        domain: its file or import path, for people.
        weights: SHA-256 of the file, or of the weights of a module.
        leaks: none: nobody knows which pictures it has seen.
    """

    encode: Encoder
    domain: str
    weights: str
    leaks: tuple[str, ...] = ()


def read_feature_teacher(
    said: str, network: nn.Module, size_px: int, device: torch.device
) -> FeatureTeacher:
    """The teacher of an ONNX file or of "module:callable", which makes a torch module.

    Args:
        said: the file or the import path.
        network: who will learn.
        size_px: side of the pictures that both will see.
        device: where the learner is.

    Raises:
        InputError: there is no such teacher, or its features are not of the learner's width.
    """
    if not isinstance(network, Hrmedseg):
        raise InputError("features are learned by hrmedseg alone; leave --features-of out")
    teacher = _from_file(Path(said)) if said.endswith(".onnx") else _from_module(said, device)
    wanted = network.config.features
    # Two, laid out as in training: a file may have been exported in a way that only one fits.
    blank = torch.zeros(2, 3, size_px, size_px, device=device)
    blank = blank.to(memory_format=torch.channels_last)
    try:
        with torch.no_grad():
            found = tuple(teacher.encode(blank).shape)
    # Whatever a foreign encoder raises, it cannot teach.
    except Exception as error:  # noqa: BLE001
        raise InputError(
            f"{said}: cannot answer two pictures of {size_px} px ({one_line(error)}); expected "
            f"float RGB (B, 3, {size_px}, {size_px}) in, features (B, {wanted}, h, w) out"
        ) from None
    if len(found) != 4 or found[:2] != (2, wanted):
        raise InputError(
            f"{said}: answers features of the shape {found}, the network learns (2, {wanted}, h, w)"
        )
    return teacher


def _from_file(path: Path) -> FeatureTeacher:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    # ONNX Runtime has an exception of its own for every way in which a file is broken.
    except Exception as error:  # noqa: BLE001
        raise InputError(f"{path}: not a readable ONNX file ({one_line(error)})") from None
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if (
        len(inputs) != 1
        or len(outputs) != 1
        or inputs[0].type != FLOAT
        or len(inputs[0].shape) != 4
        or inputs[0].shape[1] != 3
    ):
        shapes = [f"{entry.name} {entry.type} {entry.shape}" for entry in inputs]
        raise InputError(
            f"{path}: expected one input, float (B, 3, H, W), and one output; "
            f"got {', '.join(shapes)} and {len(outputs)} outputs"
        )
    return FeatureTeacher(_OnnxEncoder(session), path.name, sha256_of(path))


class _OnnxEncoder:
    """A file that may have been exported for one picture, or for one size: both are kept to."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        entry = session.get_inputs()[0]
        self._name = entry.name
        # What may be any number is named by a text.
        self._batch = entry.shape[0] if isinstance(entry.shape[0], int) else None
        height, width = entry.shape[2:]
        fixed = isinstance(height, int) and isinstance(width, int)
        self._size = (height, width) if fixed else None

    def __call__(self, rgb: Tensor) -> Tensor:
        """As `Encoder`."""
        seen = rgb if self._size is None else _resized(rgb, self._size)
        if self._batch is not None:
            seen = torch.cat([seen, seen[-1:].repeat(-len(seen) % self._batch, 1, 1, 1)])
        parts = torch.split(seen, self._batch or len(seen))
        answers = [
            torch.from_numpy(self._session.run(None, {self._name: part.cpu().numpy()})[0])
            for part in parts
        ]
        return torch.cat(answers)[: len(rgb)].to(rgb.device)


def _from_module(said: str, device: torch.device) -> FeatureTeacher:
    place, _, name = said.partition(":")
    try:
        module = getattr(import_module(place), name)()
    # Whatever a foreign module raises while it is made: files that are missing, other shapes, ...
    except Exception as error:  # noqa: BLE001
        raise InputError(
            f"{said}: expected an .onnx file, or module:callable that makes a torch module "
            f"({one_line(error)})"
        ) from None
    if not isinstance(module, nn.Module):
        raise InputError(f"{said}: made a {type(module).__name__}, expected a torch module")
    module.to(device).eval().requires_grad_(False)
    digest = hashlib.sha256()
    for tensor in module.state_dict().values():
        # A norm counts its batches in a tensor without axes, which has no bytes to view.
        flat = tensor.detach().cpu().reshape(-1).contiguous()
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return FeatureTeacher(module, said, digest.hexdigest())


class FeatureLoss(nn.Module):
    """Network and teacher in one module: how far the features of both lie apart."""

    def __init__(self, network: Hrmedseg, encode: Encoder) -> None:
        super().__init__()
        self.network = network
        # In a list: the teacher's weights are no part of what learns.
        self._encode = [encode]

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Mean squared error by name; the teacher's features are resized to the network's grid."""
        rgb = batch.rgb.to(memory_format=torch.channels_last).float() / 255
        with autocast(rgb.device):
            ours = self.network.features(rgb)
        with torch.no_grad():
            theirs = self._encode[0](rgb).float()
        if theirs.shape[2:] != ours.shape[2:]:
            theirs = _resized(theirs, (ours.shape[2], ours.shape[3]))
        return {"features": functional.mse_loss(ours.float(), theirs)}


def _resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(maps, size, mode="bilinear", align_corners=False)
