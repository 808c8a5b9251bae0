"""The report's words and numbers, ready to print: text, and shares of a width for small bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmsfa.card import Colour
from lmsfa.data.corruptions import CORRUPTIONS
from lmsfa.data.splits.grouping import BY_PATIENT, BY_SEQUENCE
from lmsfa.evaluation.answers import Answers
from lmsfa.evaluation.drawn.judging import DrawnSplit
from lmsfa.evaluation.drawn.tables import figure_rows
from lmsfa.evaluation.robustness import Robustness
from lmsfa.evaluation.tables import share
from lmsfa.report.confusion import confusion
from lmsfa.report.inputs import ReportInputs

FEW_INSTANCES = 10
"""With fewer, one instance more or less moves a class's figures by ten points."""
GROUPED = {
    BY_PATIENT: "patient: whoever is here was not seen in training",
    BY_SEQUENCE: "sequence, within patient: the same patients were seen in training",
}

Report = Mapping[str, Any]
Cells = list[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure with its interval.

    Attributes:
        value: text; "-" where there is no figure.
        interval: text, "" without one.
        place: of the figure on a bar, per cent; None where there is none.
        band: first place and length of the interval on it, per cent.
    """

    value: str
    interval: str = ""
    place: float | None = None
    band: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class in the table that is read first."""

    name: str
    colour: str
    protected: bool
    recall: Cell
    missed: str
    precision: Cell
    false: str
    threshold: str
    curves: tuple[Cell, ...]
    instances: int


def class_order(inputs: ReportInputs) -> list[int]:
    """Class ids, protected ones first, else in the card's order."""
    classes = inputs.card.classes
    return sorted(range(len(classes)), key=lambda number: classes[number].role != "protected")


def class_rows(inputs: ReportInputs) -> list[ClassRow]:
    """A row a class, protected ones first."""
    rows = []
    for number in class_order(inputs):
        spec = inputs.card.classes[number]
        shown = inputs.figures["shown"]["per_class"][spec.name]
        figures = inputs.figures["per_class"][spec.name]
        within = inputs.figures["intervals"]["per_class"][spec.name]
        names = ("ap50", "ap75", "ap", "average_recall")
        rows.append(
            ClassRow(
                name=spec.name,
                colour=css(spec.colour),
                protected=spec.role == "protected",
                recall=percent(shown["recall"], shown["recall_interval"]),
                missed=f"{shown['missed']} of {shown['instances']}" if shown["instances"] else "-",
                precision=percent(shown["precision"], shown["precision_interval"]),
                false=str(shown["false"]),
                threshold=f"{shown['threshold']:.2f}",
                curves=tuple(figure(figures[name], within[name]) for name in names),
                instances=shown["instances"],
            )
        )
    return rows


def headlines(inputs: ReportInputs) -> list[tuple[str, Cell, str]]:
    """Title, figure and a line below it, the most important first."""
    figures, shown = inputs.figures, inputs.figures["shown"]
    within = figures["intervals"]["all"]
    rows = shown["per_class"].values()
    missed, instances = (sum(row[key] for row in rows) for key in ("missed", "instances"))
    found = [
        (
            "Recall",
            percent(shown["recall"], shown["recall_interval"]),
            f"mean over classes; {missed} of {instances} instances missed",
        ),
        (
            "Precision",
            percent(shown["precision"], shown["precision_interval"]),
            f"mean over classes; {sum(row['false'] for row in rows)} false answers",
        ),
        ("Mask AP50", figure(figures["mask_ap50"], within["mask_ap50"]), "mean over classes"),
        ("Mask AP", figure(figures["mask_ap"], within["mask_ap"]), "IoU 0.50 to 0.95"),
        ("mIoU", figure(figures["semantic"]["miou"]), "of pixels, as painted"),
    ]
    return [*_worst_protected(inputs), *found]


def _worst_protected(inputs: ReportInputs) -> list[tuple[str, Cell, str]]:
    rows = inputs.figures["shown"]["per_class"]
    names = [spec.name for spec in inputs.card.classes if spec.role == "protected"]
    known = [name for name in names if rows[name]["recall"] is not None]
    if not known:
        return []
    name = min(known, key=lambda name: rows[name]["recall"])
    row = rows[name]
    title = "Recall, protected" if len(names) == 1 else "Recall, worst protected"
    below = f"{name}; {row['missed']} of {row['instances']} missed"
    return [(title, percent(row["recall"], row["recall_interval"]), below)]


def outline_rows(inputs: ReportInputs) -> list[Cells]:
    """Class, Dice, IoU, surface distance, Hausdorff 95, pictures, those without a distance."""
    rows = []
    for number in class_order(inputs):
        name = inputs.card.classes[number].name
        row = inputs.figures["boundary"]["per_class"][name]
        distance = row["hausdorff95_px"]
        rows.append(
            [
                name,
                *(share(row[key]) for key in ("dice", "iou", "surface")),
                "-" if distance is None else f"{distance:.1f}",
                str(row["pictures"]),
                str(row["without_distance"]),
            ]
        )
    return rows


def drawn_rows(drawn: DrawnSplit) -> list[Cells]:
    """Each figure of what is drawn: its title, that of the answers, that of the truth."""
    return figure_rows([drawn.answers.as_json(), drawn.truth.as_json()])


def sequence_rows(figures: Report) -> list[Cells]:
    """Sequence, pictures, instances, recall, precision, AP50 and AP, each as text."""
    return [
        [
            name,
            str(row["images"]),
            str(row["instances"]),
            *(percent(row[key]).value for key in ("recall", "precision")),
            *(share(row[key]) for key in ("mask_ap50", "mask_ap")),
        ]
        for name, row in figures["per_group"].items()
    ]


def confusion_rows(inputs: ReportInputs, shown: Answers) -> list[tuple[str, list[Report]]]:
    """A row a true class and one of false answers; each cell has its count and its ink 0..1."""
    counts = confusion(shown)
    order = class_order(inputs)
    columns = [*order, len(order)]
    names = [*(inputs.card.classes[number].name for number in order), "false"]
    rows = []
    for place, (name, number) in enumerate(zip(names, columns, strict=True)):
        cells = _inked(counts[number, columns].tolist(), place)
        if number == len(order):
            # Nothing can be both false and missed.
            cells[-1] = {**cells[-1], "text": ""}
        rows.append((name, cells))
    return rows


def activity_rows(activity: Report) -> list[tuple[str, str, list[Report]]]:
    """True activity, its F1, and how often it was told as each; cells as in `confusion_rows`."""
    return [
        (name, share(activity["per_activity"][name]), _inked(counts, place))
        for place, (name, counts) in enumerate(
            zip(activity["names"], activity["confusion"], strict=True)
        )
    ]


def _inked(counts: Sequence[int], right: int) -> list[Report]:
    """Cells of a row; `right` is where the true one's own stands."""
    whole = max(sum(counts), 1)
    return [
        {"text": str(count), "right": place == right, "ink": round(0.7 * count / whole, 3)}
        for place, count in enumerate(counts)
    ]


def robustness_rows(found: Robustness) -> list[Cells]:
    """Corruption, AP of the five levels, and the share of the clean AP that is kept."""
    return [
        [
            name,
            *(share(row.mask_ap) for row in found.of(name)),
            percent(found.retention(name)).value,
        ]
        for name in CORRUPTIONS
    ]


def leaks(inputs: ReportInputs) -> list[str]:
    """What training and validation share, as sentences."""
    return [sentence(text) for text in dict.fromkeys((*inputs.card.leaks, *inputs.leaks))]


def warnings(inputs: ReportInputs) -> list[str]:
    """What a reader must know before the figures, as sentences."""
    shown = inputs.figures["shown"]["per_class"]
    blind = [
        f"recall of {name} is 0: none of {row['instances']} is found"
        for name, row in shown.items()
        if row["instances"] and row["missed"] == row["instances"]
    ]
    few = [
        f"{name} ({row['instances']})"
        for name, row in shown.items()
        if 0 < row["instances"] < FEW_INSTANCES
    ]
    coarse = [
        f"fewer than {FEW_INSTANCES} instances, so that a single one moves the figures much: "
        + ", ".join(few)
    ]
    found = [
        *blind,
        *inputs.figures["warnings"],
        *(coarse if few else []),
        *inputs.notes,
    ]
    return [sentence(text) for text in found]


def grouping(inputs: ReportInputs) -> str:
    """What kept training and validation apart, for people."""
    said = inputs.card.grouped_by
    if not said:
        return "not recorded in the model card"
    if inputs.card.leaks or inputs.leaks:
        return f"{said}, but with the leaks below"
    return GROUPED.get(said, said)


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def percent(value: float | None, interval: Sequence[float] | None = None) -> Cell:
    """A share as per cent, with its interval."""
    if value is None:
        return Cell("-")
    return _cell(
        f"{100 * value:.0f} %", value, interval, [f"{100 * end:.0f}" for end in interval or ()]
    )


def figure(value: float | None, interval: Sequence[float] | None = None) -> Cell:
    """A share with three places, with its interval."""
    if value is None:
        return Cell("-")
    return _cell(share(value), value, interval, [f"{end:.2f}" for end in interval or ()])


def _cell(text: str, value: float, interval: Sequence[float] | None, ends: Cells) -> Cell:
    place = round(100 * value, 1)
    if interval is None:
        return Cell(text, "", place)
    low, high = interval
    return Cell(text, " to ".join(ends), place, (round(100 * low, 1), round(100 * (high - low), 1)))


def css(colour: Colour) -> str:
    """A colour as style sheets write it."""
    return "#" + "".join(f"{part:02x}" for part in colour)
