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


def info_line(report: Mapping[str, Any]) -> str:
    """A report of `info` in one line."""
    return (
        f"{report['model']}: {report['parameters'] / 1e6:.2f} M parameters, {report['gflops']:.2f} "
        f"GFLOPs at {report['size']} px, {report['classes']} classes"
    )


def instance_lines(report: Mapping[str, Any]) -> str:
    """A report of `predict`, a line an instance."""
    lines = [
        f"{row['class']:<18} {row['score']:.2f}  box {row['box_xyxy']}  {row['area_px']} px"
        for row in report["instances"]
    ]
    return "\n".join([f"{len(lines)} instances, overlay in {report['output']}", *lines])


def _share(value: float | None) -> str:
    return f"{'-':>8}" if value is None else f"{value:>8.3f}"
