"""Figures of an evaluation as text for the terminal; no figure is "-", never NaN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]

NAME_WIDTH = 18
AP_COLUMNS = (
    ("AP50", "ap50"),
    ("AP75", "ap75"),
    ("AP", "ap"),
    ("AR", "average_recall"),
)


def evaluation_table(report: Report) -> str:
    """A report of `evaluate`: what is shown first, recall before all, then AP, pixels, scores."""
    within = report["intervals"]
    parts = [
        f"{report['data']}, split {report['split']}: "
        f"{report['images']} images, {report['instances']} instances\n"
        f"in brackets: {100 * within['confidence']:.0f} % intervals, {within['resamples']} "
        f"resamples of {within['unit']}",
        _shown(report["shown"]),
        _average_precision(report),
        _pixels(report["semantic"], report["boundary"]),
        _calibration(report["calibration"]),
    ]
    if report["per_group"]:
        parts.insert(3, _groups(report["per_group"]))
    parts += ["\n".join(f"note: {line}" for line in report["warnings"])]
    return "\n\n".join(part for part in parts if part)


def _shown(shown: Report) -> str:
    rows = [["class", "recall", "missed", "precision", "false", "threshold"]]
    for name, row in shown["per_class"].items():
        rows.append(
            [
                name,
                _with_interval(row["recall"], row["recall_interval"]),
                f"{row['missed']} of {row['instances']}",
                _with_interval(row["precision"], row["precision_interval"]),
                str(row["false"]),
                f"{row['threshold']:.2f}",
            ]
        )
    recall = _with_interval(shown["recall"], shown["recall_interval"])
    precision = _with_interval(shown["precision"], shown["precision_interval"])
    rows.append(["all", recall, "", precision, "", ""])
    title = f"As the application shows it, temperature {shown['temperature']:.2f} (IoU 0.5)"
    return f"{title}\n{columns(rows)}"


def _average_precision(report: Report) -> str:
    within = report["intervals"]
    rows = [["class", *(title for title, _ in AP_COLUMNS), "instances"]]
    for name, row in report["per_class"].items():
        cells = [_with_interval(row[key], within["per_class"][name][key]) for _, key in AP_COLUMNS]
        rows.append([name, *cells, str(row["instances"])])
    rows.append(["all", *_means(report, within["all"]), str(report["instances"])])
    if "without" in report:
        name = "without " + ", ".join(report["without"]["classes"])
        rows.append([name, *_means(report["without"], within["without"]), ""])
    best = (
        f"best mean F1, chosen on these pictures, at score {report['score_threshold']}: "
        f"recall {_with_interval(report['recall'], within['all']['recall'])}, "
        f"precision {_with_interval(report['precision'], within['all']['precision'])}"
    )
    return f"Average precision of the masks\n{columns(rows)}\n{best}"


def _means(report: Report, within: Report) -> list[str]:
    keys = [key if key == "average_recall" else f"mask_{key}" for _, key in AP_COLUMNS]
    return [_with_interval(report[key], within[key]) for key in keys]


def _groups(groups: Report) -> str:
    rows = [["sequence", "recall", "precision", "AP50", "AP75", "AP", "AR", "instances"]]
    keys = ("recall", "precision", "mask_ap50", "mask_ap75", "mask_ap", "average_recall")
    for name, figures in groups.items():
        rows.append([name, *(share(figures[key]) for key in keys), str(figures["instances"])])
    return f"By sequence, recall and precision at the same score\n{columns(rows)}"


def _pixels(semantic: Report, boundary: Report) -> str:
    rows = [["class", "IoU, split", "Dice", "IoU", "surface", "HD95 px", "pictures", "no distance"]]
    for name, row in boundary["per_class"].items():
        distance = row["hausdorff95_px"]
        rows.append(
            [
                name,
                share(semantic["per_class"][name]),
                *(share(row[key]) for key in ("dice", "iou", "surface")),
                "-" if distance is None else f"{distance:.1f}",
                str(row["pictures"]),
                str(row["without_distance"]),
            ]
        )
    tolerance = " or ".join(f"{pixels:.0f}" for pixels in boundary["tolerance_px"])
    return (
        f"Pixels of each class, as shown (surface within {tolerance} px; no distance where a "
        f"picture has it in truth or answer alone)\n{columns(rows)}\n"
        f"mIoU {share(semantic['miou'])} without void, "
        f"{share(semantic['miou_with_void'])} with void as a class"
    )


def _calibration(calibration: Report) -> str:
    rows = [["score", "answers", "mean score", "right"]]
    for entry in calibration["bins"]:
        if entry["answers"]:
            span = f"{entry['low']:.2f}-{entry['high']:.2f}"
            numbers = [share(entry["score"]), share(entry["right"])]
            rows.append([span, str(entry["answers"]), *numbers])
    title = (
        f"Calibration: expected error {share(calibration['ece'])} over {calibration['answers']} "
        f"answers from score {calibration['from_score']}"
    )
    return f"{title}\n{columns(rows)}"


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as text, the first column to the left, the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    widths[0] = max(widths[0], NAME_WIDTH)
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    )


def share(value: float | None) -> str:
    """0..1 with three places."""
    return "-" if value is None else f"{value:.3f}"


def _with_interval(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None or interval is None:
        return "-"
    return f"{value:.3f} [{interval[0]:.2f}, {interval[1]:.2f}]"
