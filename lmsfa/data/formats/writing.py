"""What all writers share: a target folder, copied pictures, counted losses."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample, Shape, shape_region
from lmsfa.data.formats.description import DESCRIPTION_FILE, Description
from lmsfa.data.pictures import picture_bytes
from lmsfa.errors import DatasetError
from lmsfa.prediction import Region


@dataclass(slots=True)
class Writing:
    """A set that is being written.

    Attributes:
        dataset: what is written.
        output: the folder.
        losses: how often each thing happened that the format forces, by a sentence.
    """

    dataset: AnnotatedSet
    output: Path
    losses: Counter[str] = field(default_factory=Counter)

    def describe(self, format_name: str, **more: object) -> None:
        """Writes dataset.json, which holds what the format cannot."""
        said = Description(
            self.dataset.name,
            self.dataset.licence,
            self.dataset.attribution,
            self.dataset.classes,
            self.dataset.splits,
            synthetic=self.dataset.synthetic,
        ).as_json(format_name)
        write_json(self.output / DESCRIPTION_FILE, said | more)

    def copy_picture(self, sample: Sample, folder: Path) -> Path:
        """Copies a sample's picture to its name below `folder`."""
        path = inside(folder, sample.name)
        write_bytes(path, picture_bytes(sample.frame_path))
        return path

    def visible(self, annotation: Annotation) -> list[tuple[Shape, Region]]:
        """The shapes with their pixels; those without any are counted as lost."""
        size = (annotation.height, annotation.width)
        found = [(shape, shape_region(shape, *size)) for shape in annotation.shapes]
        kept = [(shape, region) for shape, region in found if region.mask.any()]
        if len(kept) < len(found):
            self.losses["instances without a pixel in the picture"] += len(found) - len(kept)
        return kept

    def refuse_equal_stems(self) -> None:
        """Formats that name annotations after pictures need names that differ without ending.

        Raises:
            DatasetError: two do not.
        """
        stems: dict[str, str] = {}
        for sample in self.dataset.samples:
            stem = str(Path(sample.name).with_suffix(""))
            if stem in stems:
                raise DatasetError(
                    f"{stems[stem]} and {sample.name} differ only by their endings, which this "
                    "format cannot keep apart; rename one"
                )
            stems[stem] = sample.name


def inside(folder: Path, name: str) -> Path:
    """The path of a sample's name in a folder.

    Raises:
        DatasetError: it would lie outside.
    """
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise DatasetError(f"picture {name!r} lies outside of its set; it cannot be written")
    return path


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file, making its folder.

    Raises:
        DatasetError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be written ({error.strerror})") from None


def write_json(path: Path, said: object) -> None:
    """Writes JSON as people read it."""
    write_bytes(path, (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def within(points: NDArray[np.float64], height: int, width: int) -> bool:
    """Whether a polygon stays in the picture."""
    return bool((points >= 0).all() and (points <= (width, height)).all())
