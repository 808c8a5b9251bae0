"""An annotated set of views of many made scenes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample, Shape
from lmsfa.data.conversion import convert
from lmsfa.data.formats.class_names import PELD_CLASSES
from lmsfa.data.phantom.phantom import Phantom, View
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.data.phantom.truth import LEAST_AREA_PX
from lmsfa.data.polygon import cut_to_box

SIZE_PX = (540, 360)
"""Width and height: the proportions of the paper's pictures, half their size."""
APART_S = 11.0
"""Between two pictures of a scene: by then the lens is elsewhere."""
FEWEST_SCENES = 3
"""One for each split."""


def write_made_set(
    output: Path, *, scenes: int, frames: int, seed: int, overwrite: bool = False
) -> None:
    """Writes a COCO set; of ten scenes eight are for training, one to validate, one to test.

    Args:
        output: a folder that does not exist, or holds such a set.
        scenes: how many, `FEWEST_SCENES` at least; each has a folder of its own.
        frames: pictures of each.
        seed: of the first scene; the next ones follow.
        overwrite: whether a set that is there is replaced.

    Raises:
        DatasetError: the folder is taken or cannot be written.
    """
    with TemporaryDirectory() as folder:
        made = _made_set(Path(folder), scenes, frames, seed)
        convert(made, "coco", output, overwrite=overwrite)


def _made_set(folder: Path, scenes: int, frames: int, seed: int) -> AnnotatedSet:
    annotations: dict[str, Annotation] = {}
    samples: list[Sample] = []
    for scene in range(seed, seed + scenes):
        phantom = Phantom(SCENES["surgery"], scene, *SIZE_PX)
        group = f"scene-{scene:05d}"
        (folder / group).mkdir()
        for number in range(frames):
            view = phantom.at(number * APART_S, number)
            path = folder / group / f"{number:03d}.png"
            cv2.imwrite(str(path), cv2.cvtColor(view.rgb, cv2.COLOR_RGB2BGR))
            sample = Sample(f"{group}/{path.name}", group, path)
            samples.append(sample)
            annotations[sample.name] = _annotation(view)
    held = max(1, scenes // 10)
    parts = {"train": scenes - 2 * held, "val": held, "test": held}
    names = iter(sample.name for sample in samples)
    return AnnotatedSet(
        root=folder,
        name="phantom",
        format="coco",
        classes=PELD_CLASSES,
        licence="Apache-2.0",
        attribution="made by a program; not a recording",
        samples=tuple(samples),
        splits={
            split: tuple(next(names) for _ in range(count * frames))
            for split, count in parts.items()
        },
        load=lambda sample: annotations[sample.name],
        synthetic=True,
    )


def _annotation(view: View) -> Annotation:
    height, width = view.numbers.shape
    void = np.zeros((height, width), dtype=np.bool_)
    shapes: list[Shape] = []
    for number, class_id in enumerate(view.classes, 1):
        mask = view.numbers == number
        if np.count_nonzero(mask) >= LEAST_AREA_PX:
            shapes.append(Shape(class_id, masks=(cut_to_box(mask),)))
        else:
            void |= mask
    return Annotation(height, width, tuple(shapes), void)
