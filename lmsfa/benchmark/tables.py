"""Measurements as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lmsfa.benchmark.contestants import DECODE, PAINT, PREPROCESS
from lmsfa.benchmark.figures import SPREAD, STAGES
from lmsfa.evaluation.tables import columns

Report = Mapping[str, Any]


def bench_table(report: Report) -> str:
    """A report of `bench`: who took how long, where a frame of ours spends its time, ratios."""
    title = (
        f"{report['device']}: {report['size']} px, {report['rounds']} interleaved rounds, "
        "medians in ms"
    )
    left_out = "\n".join(f"left out: {reason}" for reason in report["left_out"])
    parts = [f"{title}\n{_networks(report)}", _stages(report), _ratios(report), left_out]
    return "\n\n".join(part for part in parts if part)


def _networks(report: Report) -> str:
    head = ["network", "engine", "precision", "network", "p99", "frame", "p99", "FPS", "MB"]
    rows = [head]
    for row in (*report["ours"], *report["peers"], *report["cuda_networks"]):
        whole = row.get("end_to_end_ms")
        frame = [*_times(whole), f"{1000 / whole['p50']:.1f}"] if whole else ["-"] * 3
        named = [row["name"], row["engine"], row["precision"]]
        memory = f"{row['memory_mb']['model_mb']:.0f}" if "memory_mb" in row else "-"
        rows.append([*named, *_times(row["forward_ms"]), *frame, memory])
    return columns(rows)


def _stages(report: Report) -> str:
    head = ["a frame", "precision"]
    for name in STAGES:
        head += [name, "p99"]
    rows = [head]
    for row in report["ours"]:
        cells = [cell for name in STAGES for cell in _times(row["stages_ms"][name])]
        rows.append([row["engine"], row["precision"], *cells])
    held = ", ".join(str(row["instances"]) for row in report["ours"])
    return f"{columns(rows)}\n{report['frame']}, instances: {held}"


def _ratios(report: Report) -> str:
    lines = [
        _ratio(f"{precision}, best of all engines", ratio, report["ratio_spread"][precision])
        for precision, ratio in report["ratio_to_best_peer"].items()
    ]
    lines += [
        _ratio(engine, ratio, report["ratio_by_engine_spread"][engine])
        for engine, ratio in report["ratio_by_engine"].items()
    ]
    return "\n".join(lines)


def growth_table(report: Report) -> str:
    """A report of `growth`: a line a kind of work, how much of it, and what it took."""
    ratio = report["paint_ratio"]
    (most, usual), (low, high) = ratio["of"], ratio["spread"]
    return "\n".join(
        [
            f"{report['device']}: {report['engine']}, {report['precision']}, "
            f"{report['rounds']} interleaved rounds, medians",
            columns([["work", "how much", "ms", "p99", "MB"], *_grown(report)]),
            f"{report['structures']};",
            f"{report['frame']} and an input of {report['size']} px where nothing else is said",
            f"painting {most} structures takes {ratio['median']:.2f} times as long as {usual} "
            f"({SPREAD[0]} to {SPREAD[1]} % of the rounds: {low:.2f} to {high:.2f})",
        ]
    )


def _grown(report: Report) -> Iterator[list[str]]:
    for row in report["network"]:
        side = f"{row['px']} px"
        memory = f"{row['memory_mb']['model_mb']:.0f}" if "memory_mb" in row else "-"
        yield ["network", side, *_times(row["forward_ms"]), "-"]
        yield ["frame to prediction", side, *_times(row["end_to_end_ms"]), memory]
    for step in (DECODE, PAINT):
        for row in report["instances"]:
            yield [step, f"{row['instances']} structures", *_step(row, step)]
    for step in (PREPROCESS, PAINT):
        for row in report["frames"]:
            yield [step, row["frame"], *_step(row, step)]


def _step(row: Report, step: str) -> list[str]:
    return [*_times(row[f"{step}_ms"]), f"{row[f'{step}_mb']:.1f}"]


def _ratio(title: str, ratio: float, spread: list[float]) -> str:
    return (
        f"{title}: {ratio:.3f} times as fast as the best peer "
        f"({SPREAD[0]} to {SPREAD[1]} % of the rounds: {spread[0]:.3f} to {spread[1]:.3f})"
    )


def _times(times: Mapping[str, float]) -> list[str]:
    return [f"{times['p50']:.1f}", f"{times['p99']:.1f}"]
