"""A line of `docs/experiments.jsonl` a training: what was trained how, and how good it became."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmsfa.errors import InputError
from lmsfa.training.recipe import Recipe
from lmsfa.whole_file import write_whole

KEY = ("model", "variant", "protocol", "seed")
"""What makes two trainings the same one."""


def experiment_row(
    recipe: Recipe, variant: str, protocol: str, report: Mapping[str, Any], command: str
) -> dict[str, Any]:
    """The line of a finished training.

    Args:
        recipe: what it was trained by.
        variant: what was tried, for people.
        protocol: data, splits and preset, for people.
        report: what `evaluation.report.full_report` says of its weights.
        command: the command that gives the same again.
    """
    return {
        "model": recipe.model,
        "variant": variant,
        "protocol": protocol,
        "seed": recipe.seed,
        "mask_ap50": _rounded(report["mask_ap50"]),
        "mask_ap": _rounded(report["mask_ap"]),
        "miou": _rounded(report["semantic"]["miou"]),
        "dice": _rounded(report["semantic"]["dice"]),
        **_activity(report.get("activity")),
        "per_class": _classes(report),
        "per_group": {
            group: {
                "mask_ap50": _rounded(figures["mask_ap50"]),
                "mask_ap": _rounded(figures["mask_ap"]),
                "per_class": _classes(figures),
            }
            for group, figures in report["per_group"].items()
        },
        "command": command,
    }


def record(row: Mapping[str, Any], path: Path) -> None:
    """Adds a line to a file of lines; one of the same training is replaced.

    Raises:
        InputError: the file is no such file, or cannot be written.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        rows = [json.loads(line) for line in lines]
        kept = [other for other in rows if any(other[key] != row[key] for key in KEY)]
        text = "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in [*kept, row])
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a file of experiments ({error!r})") from None
    write_whole(path, text.encode())


def _activity(told: Mapping[str, Any] | None) -> dict[str, float | None]:
    if told is None:
        return {}
    return {f"activity_{name}": _rounded(told[name]) for name in ("accuracy", "macro_f1")}


def _classes(figures: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    return {
        name: {"ap50": _rounded(row["ap50"]), "ap": _rounded(row["ap"])}
        for name, row in figures["per_class"].items()
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
