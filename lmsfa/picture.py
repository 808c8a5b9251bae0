"""Answering one picture file: instances as plain data, and the picture with its overlay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lmsfa.cropping import predict_within
from lmsfa.data.pictures import read_rgb
from lmsfa.errors import InputError
from lmsfa.familiarity.judgement import Likeness, likeness
from lmsfa.naming.labels import Labels
from lmsfa.naming.names import Names
from lmsfa.notice import RESEARCH_NOTICE
from lmsfa.overlay import OverlayMode, OverlayStyle, Painter, blend
from lmsfa.quality.field import field_of
from lmsfa.registry import load_engine


def predict_picture(
    image: Path,
    weights: Path,
    output: Path,
    runtime: str,
    *,
    threads: int | None = None,
    replace: bool,
) -> dict[str, Any]:
    """Writes `image` with its overlay as PNG and returns what was found, and what is being done.

    Args:
        image: a picture that OpenCV reads.
        weights: weights file with its card.
        output: PNG to write.
        runtime: as `registry.load_engine`.
        threads: as `registry.load_engine`.
        replace: whether an existing `output` may be overwritten.

    Raises:
        InputError: the picture or the weights cannot be used, or `output` cannot be written.
    """
    if output.exists() and not replace:
        raise InputError(f"{output}: exists; give --overwrite to replace it, or another name")
    if not output.parent.is_dir():
        raise InputError(f"{output}: the folder {output.parent} does not exist")
    rgb = read_rgb(image)
    engine = load_engine(weights, runtime, threads=threads)
    field = field_of(rgb)
    prediction = predict_within(engine, rgb, field.rectangle)
    height, width = rgb.shape[:2]
    # Whoever looks at a still has time to read: nothing in it stays without its name.
    style, overlaid = OverlayStyle(mode=OverlayMode.BOTH, names=Names.ALL), rgb
    like = likeness(prediction.unlikeness)
    if like is not Likeness.FAR:
        layer = Painter().paint(prediction, engine.card, style, height, width, field=field)
        Labels().write(layer, prediction, engine.card, style, field=field)
        overlaid = blend(rgb, layer)
    coded, png = cv2.imencode(".png", cv2.cvtColor(overlaid, cv2.COLOR_RGB2BGR))
    if not coded:
        raise InputError(f"{output}: the picture could not be coded as PNG")
    try:
        output.write_bytes(png.tobytes())
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error.strerror})") from None
    found = [
        {
            "class": engine.card.classes[instance.class_id].name,
            "score": round(instance.score, 4),
            "box_xyxy": [round(edge, 1) for edge in instance.box_xyxy],
            "area_px": int(np.count_nonzero(instance.region(height, width).mask)),
        }
        for instance in prediction.instances
    ]
    engine.close()
    told: dict[str, Any] = {}
    if prediction.activity is not None and prediction.activity_score is not None:
        score = round(prediction.activity_score, 4)
        told = {"activity": prediction.activity, "activity_score": score}
    if prediction.unlikeness is not None:
        told |= {"unlikeness": round(prediction.unlikeness, 3), "familiarity": like.value}
    return {
        "image": str(image),
        "output": str(output),
        "weights_sha256": engine.card.sha256,
        "engine": engine.runtime,
        "instances": found,
        **told,
        "warnings": engine.card.warnings,
        "notice": RESEARCH_NOTICE,
    }
