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
    if "activity" in report:
        parts.insert(1, _activity(report["activity"]))
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
    rows = [
        [
            "class",
            "IoU, split",
            "Dice, split",
            "Dice",
            "IoU",
            "surface",
            "HD95 px",
            "pictures",
            "no distance",
        ]
    ]
    for name, row in boundary["per_class"].items():
        distance = row["hausdorff95_px"]
        rows.append(
            [
                name,
                share(semantic["per_class"][name]),
                share(semantic["dice_per_class"][name]),
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
        f"mIoU {share(semantic['miou'])}, Dice {share(semantic['dice'])} without void; "
        f"mIoU {share(semantic['miou_with_void'])} with void as a class"
    )


def _activity(activity: Report) -> str:
    names = activity["names"]
    rows = [["true activity", "F1", *(f"told {name}" for name in names)]]
    for name, row in zip(names, activity["confusion"], strict=True):
        rows.append([name, share(activity["per_activity"][name]), *map(str, row)])
    left_out = f", {activity['unknown']} of unknown activity left out"
    return (
        f"Activity of {activity['frames']} frames{left_out if activity['unknown'] else ''}\n"
        f"{columns(rows)}\n"
        f"accuracy {share(activity['accuracy'])}, macro F1 {share(activity['macro_f1'])}"
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


def comparison_table(report: Report) -> str:
    """A report of `compare`: each metric on all frames and on each sequence, and the verdict."""
    pairs = len(report["first"])
    parts = [
        f"{report['data']}, split {report['split']}: {report['images']} images, {pairs} "
        f"{'pair' if pairs == 1 else 'pairs'} of weights\n"
        f"first:  {', '.join(report['first'])}\nsecond: {', '.join(report['second'])}\n"
        f"differences in points, first minus second, in brackets 95 % of the mean by "
        f"{report['resamples']} resamples of {report['unit']}, these seeds kept"
    ]
    for entry in report["comparisons"]:
        rows = [["", "first", "second", "difference", "of each pair"]]
        rows.append(_difference("all frames", entry["overall"]))
        rows += [_difference(name, found) for name, found in entry["by_sequence"].items()]
        verdict = "the first is better" if entry["better"] else "the first is not called better: "
        metric = entry["metric"].removeprefix("mask_").upper()
        parts.append(
            f"Mask {metric}, classes: {entry['classes']}\n{columns(rows)}\n"
            f"{verdict}{'; '.join(entry['objections'])}"
        )
    verdict = "better on every count" if report["better"] else "not better on every count"
    return "\n\n".join([*parts, f"The first model is {verdict}."])


def _difference(name: str, found: Report) -> list[str]:
    low, high = (100 * bound for bound in found["interval"])
    return [
        name,
        share(sum(found["first"]) / len(found["first"])),
        share(sum(found["second"]) / len(found["second"])),
        f"{100 * found['mean']:+.1f} [{low:+.1f}, {high:+.1f}]",
        " ".join(f"{100 * value:+.1f}" for value in found["paired"]),
    ]


def calibration_table(report: Report) -> str:
    """A report of `calibrate`: what was chosen, and what it is worth on frames held out."""
    said = report["temperature"]
    lines = [f"{report['data']}, split {report['split']}: chosen on one half, judged on the other"]
    lines += [
        f"temperature {half['temperature']:.3f} from {half['fitted_on']}: calibration error of the "
        f"other half {share(half['error_before'])} -> {share(half['error_after'])}"
        for half in said["halves"]
    ]
    error = f"{share(said['held_out_error_before'])} -> {share(said['held_out_error_after'])}"
    kept = "" if said["chosen"] != 1 else " (none: it would not help frames held out)"
    lines.append(f"both {error}; temperature for the card: {said['chosen']}{kept}")
    rows = [["class", "threshold", "of the halves", "recall", "precision", "F1", "role"]]
    for name, row in report["per_class"].items():
        chosen = ["-" if one is None else f"{one:.2f}" for one in row["chosen_on_halves"]]
        cells = [
            f"{share(row['before'][key])} -> {share(row['after'][key])}"
            for key in ("recall", "precision", "f1")
        ]
        threshold = "-" if row["threshold"] is None else f"{row['threshold']:.2f}"
        rows.append([name, threshold, ", ".join(chosen), *cells, row["role"]])
    ending = "written into" if report["written"] else "not written (--write does) into"
    return "\n".join(
        [
            *lines,
            "",
            "thresholds: best F1; protected classes the lowest with precision at least "
            f"{report['protected_precision']}",
            "recall, precision and F1 at IoU 0.5 with the card's thresholds until now, then with "
            "the other half's",
            columns(rows),
            f"{ending} {report['card']}",
        ]
    )


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
