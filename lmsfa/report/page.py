"""Writes the report: one HTML file with everything in it."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from lmsfa import __version__
from lmsfa.evaluation.tables import share
from lmsfa.notice import RESEARCH_NOTICE
from lmsfa.report import content
from lmsfa.report.curves import loss_curves, reliability_plot, robustness_plot
from lmsfa.report.inputs import ReportInputs
from lmsfa.report.pictures import draw, worst_frames
from lmsfa.whole_file import write_whole

WORST = 10
TEMPLATE = "report.html"


def write_report(path: Path, inputs: ReportInputs) -> None:
    """Writes `inputs` as HTML to `path`, replacing the file.

    Raises:
        DatasetError: one of the worst pictures cannot be read again.
        InputError: the file cannot be written.
    """
    # File names of other encodings come as surrogates, which UTF-8 has no letters for.
    write_whole(path, render(inputs).encode("utf-8", "replace"))


def render(inputs: ReportInputs) -> str:
    """The report as HTML that asks for nothing from anywhere."""
    environment = Environment(
        loader=PackageLoader("lmsfa.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = inputs.answers.shown(inputs.card.class_thresholds, inputs.card.same_share)
    calibration = inputs.figures["calibration"]
    activity = inputs.figures.get("activity")
    return environment.get_template(TEMPLATE).render(
        inputs=inputs,
        card=inputs.card,
        figures=inputs.figures,
        notice=RESEARCH_NOTICE,
        version=__version__,
        made=inputs.made.strftime("%Y-%m-%d %H:%M"),
        grouping=content.grouping(inputs),
        leaks=content.leaks(inputs),
        warnings=content.warnings(inputs),
        headlines=content.headlines(inputs),
        classes=content.class_rows(inputs),
        outlines=content.outline_rows(inputs),
        drawn_rows=content.drawn_rows(inputs.drawn) if inputs.drawn else [],
        sequences=content.sequence_rows(inputs.figures),
        confusion=content.confusion_rows(inputs, shown),
        activity=activity,
        activity_rows=content.activity_rows(activity) if activity else [],
        swatches={spec.name: content.css(spec.colour) for spec in inputs.card.classes},
        worst=[draw(frame, inputs.dataset, inputs.card) for frame in worst_frames(shown, WORST)],
        calibration=calibration,
        reliability=reliability_plot(calibration["bins"]) if calibration["answers"] else None,
        curves=loss_curves(inputs.epochs),
        robustness=inputs.robustness,
        robustness_rows=content.robustness_rows(inputs.robustness) if inputs.robustness else [],
        robustness_plot=robustness_plot(inputs.robustness) if inputs.robustness else None,
        percent=lambda value: content.percent(value).value,
        share=share,
    )
