"""Curves as SVG, each a data URI: losses, learning rate, reliability, robustness."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lmsfa.data.corruptions import CORRUPTIONS, LEVELS
from lmsfa.evaluation.robustness import Robustness
from lmsfa.plot_style import HAIRLINE, INKS, MUTED, STYLE

NOT_LOSSES = ("epoch", "seconds", "learning_rate")
WHOLE = {"loss": "all, training", "validation_loss": "all, validation"}

Rows = Sequence[Mapping[str, float]]


def loss_curves(rows: Rows) -> dict[str, str]:
    """Data URIs by caption, for the rows of a training's results; none without rows."""
    if not rows:
        return {}
    names = [name for name in rows[0] if name not in NOT_LOSSES]
    whole = {title: name for name, title in WHOLE.items() if name in names}
    parts = {name: name for name in names if name not in WHOLE}
    found = {
        "Losses": _curve(rows, whole, "loss"),
        "Parts of the loss": _curve(rows, parts, "loss, logarithmic", logarithmic=True),
    }
    if "learning_rate" in rows[0]:
        found["Learning rate"] = _curve(rows, {"": "learning_rate"}, "learning rate")
    return found


def reliability_plot(bins: Sequence[Mapping[str, Any]]) -> str:
    """A data URI: the share of right answers over their score, with how many there are."""
    there = [entry for entry in bins if entry["answers"]]
    with rc_context(STYLE):
        figure = Figure(figsize=(4.2, 3.6), layout="constrained")
        axes, counts = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(
            [entry["score"] for entry in there],
            [entry["right"] for entry in there],
            color=INKS[0],
            marker="o",
            markersize=4,
        )
        axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is right")
        axes.text(0.03, 0.93, "too modest", color=MUTED, fontsize=8)
        axes.text(0.97, 0.05, "too sure", color=MUTED, fontsize=8, ha="right")
        width = bins[0]["high"] - bins[0]["low"] if bins else 1
        middles = [(entry["low"] + entry["high"]) / 2 for entry in there]
        heights = [entry["answers"] for entry in there]
        counts.bar(middles, heights, 0.85 * width, color=HAIRLINE)
        counts.set(xlabel="score", ylabel="answers")
        return _data_uri(figure)


def robustness_plot(found: Robustness) -> str:
    """A data URI: AP over the level, a line a corruption; level 0 is the clean picture."""
    with rc_context(STYLE):
        figure, axes = _figure()
        for ink, name in zip(INKS, CORRUPTIONS, strict=False):
            values = [found.clean_ap, *(row.mask_ap for row in found.of(name))]
            axes.plot([0, *LEVELS], _drawn(values), color=ink, label=name, marker="o", markersize=3)
        axes.set(xlabel="level, 0 is clean", ylabel="mask AP", ylim=(0, None))
        figure.legend(loc="outside lower center", fontsize=8, ncols=3)
        return _data_uri(figure)


def _curve(rows: Rows, lines: Mapping[str, str], label: str, *, logarithmic: bool = False) -> str:
    """One line for each name of a column, by what the legend calls it."""
    with rc_context(STYLE):
        figure, axes = _figure()
        epochs = [row.get("epoch", number) for number, row in enumerate(rows, 1)]
        marker = "o" if len(rows) == 1 else None
        for ink, (title, name) in zip(INKS, lines.items(), strict=False):
            values = _drawn([row.get(name) for row in rows])
            axes.plot(epochs, values, color=ink, label=title, marker=marker)
        axes.set(xlabel="epoch", ylabel=label)
        axes.set_yscale("log" if logarithmic else "linear")
        if not logarithmic:
            axes.set_ylim(bottom=0)
        if any(lines):
            figure.legend(loc="outside lower center", fontsize=8, ncols=4)
        return _data_uri(figure)


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.2, 3.0), layout="constrained")
    return figure, figure.subplots()


def _drawn(values: Sequence[float | None]) -> list[float]:
    """A gap where nothing is known: the plot leaves a NaN out, and no text shows it."""
    return [math.nan if value is None or not math.isfinite(value) else value for value in values]


def _data_uri(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(text.getvalue().encode()).decode()
