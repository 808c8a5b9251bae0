"""Starting from other weights: what both networks share is taken, what only one knows is not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lmsfa.checkpoint import CheckpointError, load_strictly, read_weights
from lmsfa.models.detection import InstanceNetwork
from lmsfa.models.families import Family, family_of


@dataclass(frozen=True, slots=True)
class Start:
    """What was taken.

    Attributes:
        weights: SHA-256 of the weights file.
        domain: what those weights had seen.
        leaks: what its card says of pictures on both sides.
        classes: names of the classes that both know, whose own rows were taken too.
    """

    weights: str
    domain: str
    leaks: tuple[str, ...]
    classes: tuple[str, ...]


def start_from(
    network: InstanceNetwork, family: Family, classes: tuple[str, ...], weights: Path
) -> Start:
    """Copies weights into `network`, in place.

    Every tensor without a class axis is taken whole. Along class axes the rows of classes of the
    same name are taken; the others keep their fresh values.

    Args:
        network: fresh, of `family`, for `classes`.
        family: its family.
        classes: names in the order of the network's logits.
        weights: a weights file of the same family and shape, with any classes.

    Raises:
        CheckpointError: the file cannot be read, or is of another shape.
    """
    tensors, card = read_weights(weights)
    theirs = tuple(spec.name for spec in card.classes)
    ours = network.state_dict()
    axes = class_axes(family, network)
    shared = tuple(name for name in classes if name in theirs)
    pairs = [(classes.index(name), theirs.index(name)) for name in shared]
    known = {**_plain(network), **card.architecture, "classes": len(classes)}
    if family_of(card.system) is not family or known != _plain(network):
        raise CheckpointError(
            f"{weights}: its network is a {card.system} of another shape, which cannot be started "
            "from; give weights of the same model"
        )
    started = {
        name: _merged(tensor, tensors[name], axes[name], pairs) for name, tensor in ours.items()
    }
    load_strictly(network, started, weights)
    return Start(card.sha256, card.training_domain, card.leaks, shared)


def class_axes(family: Family, network: InstanceNetwork) -> dict[str, tuple[int, ...]]:
    """For every tensor of `network` the axes that run over classes."""
    shapes = []
    for classes in (2, 3):
        with torch.device("meta"):
            other = family.make(replace(network.config, classes=classes))
        shapes.append({name: tensor.shape for name, tensor in other.state_dict().items()})
    few, more = shapes
    return {
        name: tuple(axis for axis, length in enumerate(shape) if length != more[name][axis])
        for name, shape in few.items()
    }


def _merged(
    ours: Tensor, theirs: Tensor, axes: tuple[int, ...], pairs: list[tuple[int, int]]
) -> Tensor:
    if not axes:
        return theirs
    merged = ours.clone()
    places = [
        np.ix_(
            *(
                [pair[side] for pair in pairs] if axis in axes else range(length)
                for axis, length in enumerate(ours.shape)
            )
        )
        for side in (0, 1)
    ]
    merged.numpy()[places[0]] = theirs.numpy()[places[1]]
    return merged


def _plain(network: InstanceNetwork) -> dict[str, object]:
    """The network's config as a card holds it."""
    fields = asdict(network.config).items()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields}
