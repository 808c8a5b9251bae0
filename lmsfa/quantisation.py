"""Eight-bit networks: calibrated on real frames, and kept only where they lose next to nothing."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import nncf
import numpy as np
import openvino
from numpy.typing import NDArray

from lmsfa.backends.openvino_core import CORE
from lmsfa.backends.openvino_int8 import MADE_FROM
from lmsfa.card import ModelCard, card_path, check_input_size, int8_path, read_card, write_card
from lmsfa.data.annotated import AnnotatedSet, Sample
from lmsfa.errors import InputError
from lmsfa.evaluation.answers import Answers, answers_of
from lmsfa.evaluation.coco import judge
from lmsfa.export import export_network
from lmsfa.letterbox import Canvas, Letterbox

LARGEST_LOSS = 0.005
"""Of AP50, 0..1: an int8 network that loses more against float32 is not kept."""
MOST_TOLD_OTHERWISE = 0.02
"""Share of the pictures: an int8 network that tells more of them another activity is not kept."""
CALIBRATION_FRAMES = 64
"""Ranges of activations hardly change with more."""
SENSITIVE = nncf.IgnoredScope(types=["MatMul"])
"""The scale mixer's few numbers gate whole levels; OpenVINO cannot fold what int8 adds there."""


@dataclass(frozen=True, slots=True)
class Quantised:
    """What came of it.

    Attributes:
        path: of the int8 network.
        frames: how many it was calibrated on.
        ap50: of the int8 network, 0..1.
        ap50_before: of the same weights in float32.
    """

    path: Path
    frames: int
    ap50: float
    ap50_before: float


def quantise(
    weights: Path,
    dataset: AnnotatedSet,
    calibration: Sequence[Sample],
    judging: Sequence[Sample],
    *,
    size_px: int | None = None,
) -> Quantised:
    """Makes the int8 network of a weights file, judges it, and puts it beside the weights.

    Args:
        weights: weights file with its card.
        dataset: of real frames like those that the model will see.
        calibration: whose frames set the ranges; `CALIBRATION_FRAMES` of them are taken.
        judging: what both networks are judged on; none of `calibration`.
        size_px: side of the input; the card's unless given.

    Raises:
        InputError: weights or pictures cannot be used, or int8 loses over `LARGEST_LOSS` or
            `MOST_TOLD_OTHERWISE`, in which case nothing is written.
    """
    card = read_card(card_path(weights))
    check_input_size(size_px or card.input_size_px, card.input_multiple_px)
    card = replace(card, input_size_px=size_px or card.input_size_px)
    chosen = calibration[:: max(1, len(calibration) // CALIBRATION_FRAMES)][:CALIBRATION_FRAMES]
    with TemporaryDirectory() as folder:
        # Judged where nobody finds it; what loses too much never lies beside the weights.
        trial = Path(folder) / weights.name
        shutil.copy(weights, trial)
        write_card(card, card_path(trial))
        made = int8_path(trial, card.input_size_px)
        _write(trial, card, [_canvas(dataset, sample, card) for sample in chosen], made)
        exact, small = (
            answers_of(trial, runtime, dataset, judging)
            for runtime in ("openvino-fp32", "openvino-int8")
        )
        before, after = _ap50(exact, dataset), _ap50(small, dataset)
        if before - after > LARGEST_LOSS:
            raise InputError(
                f"{weights}: int8 loses {100 * (before - after):.1f} points of AP50 "
                f"({before:.3f} to {after:.3f}), more than {100 * LARGEST_LOSS:.1f}; not written"
            )
        if (others := told_otherwise(exact, small)) > MOST_TOLD_OTHERWISE:
            raise InputError(
                f"{weights}: int8 tells another activity in {100 * others:.1f} % of the pictures, "
                f"more than {100 * MOST_TOLD_OTHERWISE:.0f}; not written"
            )
        # The .bin goes first: whoever sees the .xml must find both.
        kept = int8_path(weights, card.input_size_px)
        for ending in (".bin", ".xml"):
            shutil.move(made.with_suffix(ending), kept.with_suffix(ending))
    return Quantised(kept, len(chosen), after, before)


def told_otherwise(exact: Answers, small: Answers) -> float:
    """Share of the frames of which two networks tell different activities, 0..1."""
    pairs = list(zip(exact.frames, small.frames, strict=True))
    return sum(ours.activity != theirs.activity for ours, theirs in pairs) / max(1, len(pairs))


def _ap50(answers: Answers, dataset: AnnotatedSet) -> float:
    found = judge(answers).mask_ap50
    if found is None:
        raise InputError(f"{dataset.name}: nothing to find in the pictures that it is judged on")
    return found


def _canvas(dataset: AnnotatedSet, sample: Sample, card: ModelCard) -> NDArray[np.uint8]:
    """A frame as the network sees it, (1, S, S, 3) uint8."""
    rgb, _ = dataset.annotated(sample)
    height, width = rgb.shape[:2]
    size = card.input_size_px
    return Canvas(size).draw(rgb, Letterbox.fit(height, width, size))[None]


def _write(
    weights: Path, card: ModelCard, canvases: Sequence[NDArray[np.uint8]], path: Path
) -> None:
    plain = weights.with_suffix(".xml")
    # Integers are for the direct convolution: Winograd's sums and differences would not fit them.
    export_network(weights, plain, size_px=card.input_size_px, winograd=False)
    model = CORE.read_model(plain)
    with contextlib.redirect_stdout(sys.stderr):
        quantised = nncf.quantize(
            model,
            nncf.Dataset(canvases),
            subset_size=len(canvases),
            preset=nncf.QuantizationPreset.MIXED,
            ignored_scope=SENSITIVE,
        )
    quantised.set_rt_info(card.sha256, MADE_FROM)
    openvino.save_model(quantised, path, compress_to_fp16=False)
