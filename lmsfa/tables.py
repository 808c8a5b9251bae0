"""Figures as text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def evaluation_table(report: Mapping[str, Any]) -> str:
    """A report of `evaluate` as a table, a row a class."""
    lines = [
        f"{report['data']}, split {report['split']}: "
        f"{report['images']} images, {report['instances']} instances",
        f"{'class':<18}{'AP50':>8}{'AP':>8}{'recall':>8}{'instances':>11}",
    ]
    for name, row in report["per_class"].items():
        lines.append(
            f"{name:<18}{_share(row['ap50'])}{_share(row['ap'])}{_share(row['recall'])}{row['instances']:>11}"
        )
    lines.append(
        f"{'all':<18}{_share(report['mask_ap50'])}{_share(report['mask_ap'])}{_share(report['recall'])}"
    )
    if "without" in report:
        some = report["without"]
        name = "without " + ", ".join(some["classes"])
        lines.append(f"{name:<18}{_share(some['mask_ap50'])}{_share(some['mask_ap'])}")
    lines.append(
        f"AR {_share(report['average_recall']).strip()}, "
        f"precision {_share(report['precision']).strip()} at score {report['score_threshold']}"
    )
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return f"{'-':>8}" if value is None else f"{value:>8.3f}"
