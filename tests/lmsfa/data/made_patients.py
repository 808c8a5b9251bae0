"""Annotated sets in memory: which picture shows which classes is all that is made up."""

import functools
import tempfile
from pathlib import Path

import numpy as np

from lmsfa.data.annotated import AnnotatedSet, Annotation, DatasetClass, Sample, Shape


@functools.cache
def _pool():
    """A folder of files that are all different."""
    folder = tempfile.TemporaryDirectory()
    for number in range(400):
        (Path(folder.name) / f"{number}.bin").write_bytes(b"%d" % number)
    return folder


def made_set(shown, classes=2, files=None, name="made"):
    """A set of the pictures in `shown`: sample name -> class ids of its instances.

    Args:
        shown: by sample name; an instance a class id.
        classes: how many the set has.
        files: picture files by sample name, where they are not just different from each other.
        name: of the set.
    """
    paths = {key: Path(_pool().name) / f"{number}.bin" for number, key in enumerate(shown)}
    paths |= files or {}
    return AnnotatedSet(
        root=Path(_pool().name),
        name=name,
        format="labelme",
        classes=tuple(DatasetClass(f"class {index}", (index, 0, 0)) for index in range(classes)),
        licence="",
        attribution="",
        samples=tuple(Sample(key, key.rpartition("/")[0], paths[key]) for key in shown),
        splits={},
        load=lambda sample: _annotation(shown[sample.name]),
    )


def _annotation(class_ids):
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
    shapes = tuple(
        Shape(class_id, (square + np.array([2.0 * place, 0.0]),))
        for place, class_id in enumerate(class_ids)
    )
    width = 2 * max(1, len(class_ids))
    return Annotation(4, width, shapes, np.zeros((4, width), dtype=bool))


def patients(count, pictures=4, shows=(0, 1)):
    """Sample names of patients with equally many pictures, all showing the same classes."""
    return {f"p{patient:02d}/{n}.jpg": shows for patient in range(count) for n in range(pictures)}
