"""What a LabelMe file looks like, as JSON schemas, written from the format's description."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from lmsfa.data.formats.class_names import is_name
from lmsfa.errors import DatasetError, one_line

AREAS = ("polygon", "rectangle", "circle", "mask")
MARKS = ("line", "linestrip", "point", "points")
"""Shapes that cover no area."""

_SIZE = {"type": ["integer", "null"], "minimum": 1}

FILE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["shapes", "imagePath"],
    "properties": {
        "version": {"type": ["string", "null"]},
        "flags": {"type": ["object", "null"]},
        "shapes": {"type": "array"},
        "imagePath": {"type": "string", "minLength": 1},
        "imageData": {"type": ["string", "null"]},
        "imageHeight": _SIZE,
        "imageWidth": _SIZE,
    },
}

# Points are checked as one array instead: a schema visits every number, a thousand times slower.
SHAPE_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["label", "points"],
    "properties": {
        "label": {"type": "string", "minLength": 1},
        "points": {"type": "array"},
        "group_id": {"type": ["integer", "null"]},
        "shape_type": {"enum": [*AREAS, *MARKS, None]},
        "flags": {"type": ["object", "null"]},
        "description": {"type": ["string", "null"]},
        "mask": {"type": ["string", "null"]},
    },
    "if": {"properties": {"shape_type": {"const": "mask"}}, "required": ["shape_type"]},
    "then": {"properties": {"mask": {"type": "string"}}, "required": ["mask"]},
}

_FILE, _SHAPE = Draft202012Validator(FILE_SCHEMA), Draft202012Validator(SHAPE_SCHEMA)


def check_file(said: object) -> None:
    """Checks all of a file but its shapes.

    Raises:
        DatasetError: in one line, the worst of what is wrong.
    """
    _check(_FILE, said)


def check_shape(said: object) -> None:
    """Checks all of a shape but its points' coordinates.

    Raises:
        DatasetError: in one line, the worst of what is wrong.
    """
    _check(_SHAPE, said)
    if isinstance(said, dict) and not is_name(said["label"]):
        raise DatasetError(f"{said['label']!r} cannot be a label")


def _check(validator: Draft202012Validator, said: object) -> None:
    try:
        error = best_match(validator.iter_errors(said))
    except RecursionError:
        raise DatasetError("nested too deeply") from None
    if error is not None:
        where = error.json_path.removeprefix("$").removeprefix(".")
        raise DatasetError(f"{where + ': ' if where else ''}{one_line(error.message)}")
