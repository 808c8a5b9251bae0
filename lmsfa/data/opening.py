"""Opens a data set of any known format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.label_map import read_label_maps
from lmsfa.errors import DatasetError

DESCRIPTION_FILE = "dataset.json"


def open_dataset(root: Path) -> AnnotatedSet:
    """Reads a data set's description, not yet its pictures.

    Raises:
        DatasetError: there is none, or it cannot be read.
    """
    path = root / DESCRIPTION_FILE
    try:
        said: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(f"{path}: not found; a label-map data set needs this file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: not readable JSON ({error})") from None
    return read_label_maps(root, said)
