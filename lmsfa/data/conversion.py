"""Writes a data set in another format, pictures and all."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.formats.coco_writer import write_coco
from lmsfa.data.formats.description import DESCRIPTION_FILE
from lmsfa.data.formats.label_map_writer import write_label_maps
from lmsfa.data.formats.labelme_writer import write_labelme
from lmsfa.data.formats.writing import Writing
from lmsfa.data.formats.yolo_writer import write_yolo
from lmsfa.errors import DatasetError

WRITERS = {
    "labelme": write_labelme,
    "yolo": write_yolo,
    "coco": write_coco,
    "label-map": write_label_maps,
}


def convert(
    dataset: AnnotatedSet, format_name: str, output: Path, *, overwrite: bool = False
) -> Mapping[str, int]:
    """Writes a set in a format; what a format cannot hold stands in its dataset.json.

    Args:
        dataset: what is written.
        format_name: a key of `WRITERS`.
        output: a folder that does not exist, or is empty.
        overwrite: a folder that an earlier conversion wrote is replaced.

    Returns:
        What was lost or changed since the format forces it: how often, by a sentence.

    Raises:
        DatasetError: the folder is taken, or something cannot be read or written.
    """
    _check_free(dataset.root, output, overwrite=overwrite)
    partial = output.with_name(f"{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    writing = Writing(dataset, partial)
    try:
        WRITERS[format_name](writing)
        if output.exists():
            shutil.rmtree(output)
        partial.rename(output)
    except OSError as error:
        raise DatasetError(f"{output}: cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return dict(writing.losses)


def _check_free(root: Path, output: Path, *, overwrite: bool) -> None:
    here, there = root.resolve(), output.resolve()
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise DatasetError(f"{output}: must lie apart from the set that is read, {root}")
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    # A folder is only removed where it is known that a conversion can write it again.
    if not (output / DESCRIPTION_FILE).is_file():
        raise DatasetError(f"{output}: exists and is no converted data set; choose another folder")
    if not overwrite:
        raise DatasetError(f"{output}: exists; --overwrite replaces it")
