"""Recipes by name: the paper's, the quick one that variants are compared with, and our best."""

from __future__ import annotations

from dataclasses import replace

from lmsfa.errors import InputError
from lmsfa.models.families import family_of
from lmsfa.training.recipe import Recipe

PRESETS = {
    "quick": Recipe(),
    # Section IV-B: 640 px, 300 epochs, batch 8, SGD with momentum 0.9 at 1e-3. The paper leaves the
    # rest to defaults that it does not name: as in the others.
    "peld": Recipe(size_px=640, epochs=300, batch=8, optimizer="sgd", learning_rate=1e-3),
    # docs/experiments.md: what the shipped weights were trained by.
    "best": Recipe(epochs=120, spoil_chance=0.3),
    # HRMedSeg, 4.2: Adam at 1e-4, times 0.98 an epoch, batch 16, 200 epochs, 1024 px, Dice and
    # focal loss. Pictures are augmented as in the others; the paper says nothing of that.
    "hrmedseg": Recipe(
        model="hrmedseg",
        size_px=1024,
        epochs=200,
        batch=16,
        optimizer="adam",
        learning_rate=1e-4,
        warmup_epochs=0.0,
        schedule="exponential",
    ),
    # EndoARSS: Adam, 200 epochs; the rest is not known. 532 px is the multiple of 28 next to
    # DINOv2's 518. No mosaics: nobody could say what is being done in one.
    "endoarss": Recipe(
        model="endoarss",
        size_px=532,
        epochs=200,
        optimizer="adam",
        learning_rate=1e-4,
        mosaic_chance=0.0,
    ),
}


def preset(name: str, **changes: int | str | float) -> Recipe:
    """The recipe of that name with fields replaced; at most half its epochs go without mosaic.

    Where no size is asked for, the preset's own is brought to the next one that the model takes.

    Raises:
        InputError: there is no such preset, or a field cannot be trained with.
    """
    if name not in PRESETS:
        raise InputError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}")
    usual = PRESETS[name]
    multiple_px = family_of(str(changes.get("model", usual.model))).network.input_multiple_px
    size_px = multiple_px * round(usual.size_px / multiple_px)
    changed = replace(usual, **{"size_px": size_px, **changes})  # type: ignore[arg-type]  # checked by the recipe
    if changed.learns == "activity":
        # A mosaic is of several patients, and shows what one of its pictures shows.
        changed = replace(changed, mosaic_chance=0.0)
    return replace(changed, plain_epochs=min(changed.plain_epochs, changed.epochs // 2))
