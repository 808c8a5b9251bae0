"""Figures of what is drawn as text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lmsfa.evaluation.tables import columns, share

Report = Mapping[str, Any]

ROWS = (
    ("outlines", "outlines"),
    ("cut by a box, share", "box_cut"),
    ("straight runs a frame", "straight_per_frame"),
    ("specks a frame", "specks_per_frame"),
    ("nested", "nested"),
    ("boundary NSD", "boundary_nsd"),
    ("outside of the field", "outside_field"),
)
"""Title and key of each figure."""
LINE_NOTE = "line: share of each outline's own line that is on screen, median and least"


def figure_rows(sides: Sequence[Report]) -> list[list[str]]:
    """A row a figure: its title, then each side's as text; each class's line last."""
    rows = [[title, *(_text(side.get(key)) for side in sides)] for title, key in ROWS]
    names = dict.fromkeys(name for side in sides for name in side["line_visible"])
    for name in names:
        cells = [side["line_visible"].get(name) for side in sides]
        rows.append([f"line, {name}", *(_visible(cell) for cell in cells)])
    return rows


def drawn_table(report: Report) -> str:
    """A report of `drawn`: answers beside truth, then the clip."""
    parts = []
    if "data" in report:
        rows = [["", "drawn", "truth"], *figure_rows([report, report["truth"]])]
        title = f"{report['data']}, split {report['split']}: {report['frames']} frames"
        parts.append(f"{title}\n{columns(rows)}")
    if "clip" in report:
        clip = report["clip"]
        rows = [["", "drawn"], *figure_rows([clip])]
        parts.append(f"{clip['name']}: {clip['frames']} frames, no truth\n{columns(rows)}")
    parts.append(LINE_NOTE)
    return "\n\n".join(parts)


def drawn_comparison(drawn: Report) -> str:
    """The `drawn` of a report of `compare`: every pair of weights, and the truth."""
    sides = {
        f"{side} {number}": figures
        for side in ("first", "second")
        for number, figures in enumerate(drawn[side], 1)
    }
    sides["truth"] = drawn["truth"]
    rows = [["", *sides], *figure_rows(list(sides.values()))]
    return f"What is drawn, of each pair of weights\n{columns(rows)}\n{LINE_NOTE}"


def _text(value: float | None) -> str:
    return str(value) if isinstance(value, int) else share(value)


def _visible(cell: Report | None) -> str:
    return f"{share(cell['median'])} ({share(cell['least'])})" if cell else "-"
