"""Figures as text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def info_line(report: Mapping[str, Any]) -> str:
    """A report of `info` in one line."""
    weighted = f", {report['gmacs']:.2f} GMACs of layers" if "gmacs" in report else ""
    return (
        f"{report['model']}: {report['parameters'] / 1e6:.2f} M parameters, {report['gflops']:.2f} "
        f"GFLOPs at {report['size']} px ({report['gflops_as_run']:.2f} as run){weighted}, "
        f"{report['classes']} classes"
    )


def instance_lines(report: Mapping[str, Any]) -> str:
    """A report of `predict`, a line an instance, and one of the activity where it is told."""
    lines = [
        f"{row['class']:<18} {row['score']:.2f}  box {row['box_xyxy']}  {row['area_px']} px"
        for row in report["instances"]
    ]
    found = [f"{len(lines)} instances, overlay in {report['output']}", *lines]
    if "activity" in report:
        found.append(f"activity: {report['activity']} {report['activity_score']:.2f}")
    if report.get("familiarity"):
        found.append(f"{report['familiarity']}: {report['unlikeness']:.2f} of the bound")
    found += [f"note: {line}" for line in report["warnings"]]
    return "\n".join(found)
