"""Measurements as pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lmsfa.benchmark.figures import STAGES
from lmsfa.errors import InputError
from lmsfa.plot_style import INKS, MUTED, STYLE

Report = Mapping[str, Any]

BAR = 0.7
"""Of the room that a row has."""
STAGE_INKS = dict(zip(STAGES, (INKS[6], INKS[0], INKS[2], INKS[1]), strict=True))
PEER_INK = INKS[3]
ROOM_ABOVE = 1.1
"""How far an axis reaches, times the largest figure."""
DOTS_PER_INCH = 150


def check_plot_path(path: Path) -> None:
    """Checks where a plot is to be written, before minutes are spent on what it shows.

    Raises:
        InputError: it is no PNG in a folder that is there.
    """
    if path.suffix.lower() != ".png":
        raise InputError(f"{path}: --plot writes PNG; give a name that ends with .png")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; --plot takes a file")


def bench_plot(report: Report) -> bytes:
    """A PNG of a report of `bench`: a bar a network; ours with all that a frame goes through."""
    rows = [*report["ours"], *report["peers"]]
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 1.9 + 0.32 * len(rows)), layout="constrained")
        axes = figure.subplots()
        for place, row in enumerate(rows):
            _bar(axes, place, row)
        axes.set_yticks(range(len(rows)), [f"{row['name']}  {row['engine']}" for row in rows])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set(xlabel="ms, medians; the thin line reaches to the network's p99", xlim=(0, None))
        for name, ink in {**STAGE_INKS, "network of a peer": PEER_INK}.items():
            axes.barh(0, 0, color=ink, label=name)
        figure.legend(loc="outside lower center", fontsize=8, ncols=5)
        figure.suptitle(_title(report, f"{report['size']} px"), fontsize=9)
        return _png(figure)


def _bar(axes: Axes, place: int, row: Report) -> None:
    """The stages of a frame one behind another, or a peer's network; the network's time in it."""
    start = _network_bar(axes, place, row)
    network = row["forward_ms"]
    axes.hlines(place, start + network["p50"], start + network["p99"], color=MUTED, linewidth=1)
    middle = start + network["p50"] / 2
    axes.text(middle, place, f"{network['p50']:.1f}", color="white", ha="center", va="center")


def _network_bar(axes: Axes, place: int, row: Report) -> float:
    """Draws a row's bar and says where its network begins, ms."""
    if "stages_ms" not in row:
        axes.barh(place, row["forward_ms"]["p50"], BAR, color=PEER_INK)
        return 0.0
    end = 0.0
    for name, ink in STAGE_INKS.items():
        width = row["stages_ms"][name]["p50"]
        axes.barh(place, width, BAR, end, color=ink)
        end += width
    return float(row["stages_ms"]["preprocess"]["p50"])


def growth_plot(report: Report) -> bytes:
    """A PNG of a report of `growth`: time over each kind of work, and memory over the input."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 6.4), layout="constrained")
        network, memory, instances, frames = figure.subplots(2, 2).ravel()
        rows = report["network"]
        side = [row["px"] for row in rows]
        _lines(network, side, rows, {"network": "forward_ms", "frame": "end_to_end_ms"})
        network.set(xlabel="side of the input, px", ylabel="ms", xticks=side)
        held = [row["memory_mb"]["model_mb"] for row in rows]
        memory.plot(side, held, "o-", color=INKS[4], markersize=4)
        memory.set(xlabel="side of the input, px", ylabel="MB, loaded and answering", xticks=side)
        memory.set_ylim(0, ROOM_ABOVE * max(held))
        rows = report["instances"]
        number = [row["instances"] for row in rows]
        _lines(instances, number, rows, {"decode": "decode_ms", "paint": "paint_ms"})
        instances.set(xlabel=f"structures (made), {report['frame']}", ylabel="ms", xticks=number)
        rows = report["frames"]
        tall = [int(row["frame"].split("x")[1]) for row in rows]
        _lines(frames, tall, rows, {"preprocess": "preprocess_ms", "paint": "paint_ms"})
        frames.set(xlabel="lines of the frame", ylabel="ms", xticks=tall)
        figure.suptitle(_title(report, f"{report['engine']}, {report['precision']}"), fontsize=9)
        return _png(figure)


def _lines(axes: Axes, over: list[int], rows: Sequence[Report], keys: Mapping[str, str]) -> None:
    """A line of medians for each key, by what the legend calls it, and a shade up to p99."""
    for ink, (title, key) in zip(INKS, keys.items(), strict=False):
        medians = [row[key]["p50"] for row in rows]
        axes.plot(over, medians, "o-", color=ink, label=title, markersize=4)
        slow = [row[key]["p99"] for row in rows]
        axes.fill_between(over, medians, slow, color=ink, alpha=0.15, linewidth=0)
    axes.set_ylim(0, ROOM_ABOVE * max(row[key]["p99"] for row in rows for key in keys.values()))
    axes.legend(fontsize=8)


def _title(report: Report, what: str) -> str:
    return f"{report['device']}\n{what}, {report['rounds']} rounds, {report['date']}"


def _png(figure: Figure) -> bytes:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return picture.getvalue()
